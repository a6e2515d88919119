import { runScenario } from './run-scenario.ts';
import { SCENARIOS } from './scenarios.ts';
import { verdict, type Ran } from './verdict.ts';

/** Milliseconds one scenario may take. */
const LIMIT = 20 * 60_000;

/** Names of scenarios as arguments run only those; `--short` runs their short versions. */
async function main(args: readonly string[]): Promise<number> {
  const size = args.includes('--short') ? 'short' : 'full';
  const wanted = args.filter((argument) => argument !== '--short');
  const unknown = wanted.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name));
  if (unknown.length > 0) {
    process.stderr.write(`unknown: ${unknown.join(', ')}; there are ${SCENARIOS.map(({ name }) => name).join(', ')}\n`);
    return 2;
  }
  const all: Ran[] = [];
  for (const scenario of SCENARIOS) {
    const { name, title } = scenario;
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    process.stdout.write(`\n${name}: ${title}\n`);
    const missing = scenario.missing?.();
    if (missing !== undefined) {
      process.stdout.write(`  left out: ${missing}\n`);
      all.push({ name, end: 'left out' });
      continue;
    }
    const { lines, failures, leftOut } = await runScenario(scenario, size, LIMIT);
    for (const line of lines) process.stdout.write(`  ${line}\n`);
    for (const failure of failures) process.stdout.write(`  FAILED: ${failure}\n`);
    const shown = leftOut.length > 0 ? 'left out in part' : 'holds';
    all.push({ name, end: failures.length > 0 ? 'failed' : shown });
  }
  const { text, exitCode } = verdict(all);
  process.stdout.write(`\n${text}\n`);
  return exitCode;
}

const exitCode = await main(process.argv.slice(2));
// One that was left behind at its limit may still hold something open.
process.stdout.write('', () => process.exit(exitCode));
