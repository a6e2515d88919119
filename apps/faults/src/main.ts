import { runScenario } from './run-scenario.ts';
import { SCENARIOS } from './scenarios.ts';

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
  let failed = 0;
  for (const scenario of SCENARIOS) {
    if (wanted.length > 0 && !wanted.includes(scenario.name)) continue;
    process.stdout.write(`\n${scenario.name}: ${scenario.title}\n`);
    const missing = scenario.missing?.();
    if (missing !== undefined) {
      process.stdout.write(`  left out: ${missing}\n`);
      continue;
    }
    const { lines, failures } = await runScenario(scenario, size, LIMIT);
    for (const line of lines) process.stdout.write(`  ${line}\n`);
    for (const failure of failures) process.stdout.write(`  FAILED: ${failure}\n`);
    if (failures.length > 0) failed++;
  }
  process.stdout.write(failed === 0 ? '\nevery promise holds\n' : `\n${failed} scenarios failed\n`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
