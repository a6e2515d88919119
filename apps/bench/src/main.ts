import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { GRACE, openSurroundings, within } from '@falco-talon/faults/harness';
import { holds, type Measurement, type Section } from './measurement.ts';
import { apiCalls } from './sections/api-calls.ts';
import { capture } from './sections/capture.ts';
import { client } from './sections/client.ts';
import { door } from './sections/door.ts';
import { intake } from './sections/intake.ts';
import { isolation } from './sections/isolation.ts';
import { latency } from './sections/latency.ts';
import { matching } from './sections/matching.ts';
import { memory } from './sections/memory.ts';
import { mutations } from './sections/mutations.ts';
import { rules } from './sections/rules.ts';
import { start } from './sections/start.ts';
import { streams } from './sections/streams.ts';

const SECTIONS: readonly Section[] = [
  apiCalls,
  matching,
  rules,
  mutations,
  client,
  start,
  latency,
  intake,
  door,
  isolation,
  capture,
  memory,
  streams,
];
/** Milliseconds one section may take. */
const LIMIT = 20 * 60_000;
const RESULTS = 'bench-results.json';

/** Names of sections as arguments run only those. */
async function main(wanted: readonly string[]): Promise<number> {
  const unknown = wanted.filter((name) => !SECTIONS.some((section) => section.name === name));
  if (unknown.length > 0) {
    process.stderr.write(`unknown: ${unknown.join(', ')}; there are ${SECTIONS.map(({ name }) => name).join(', ')}\n`);
    return 2;
  }
  const results: Record<string, readonly Measurement[]> = {};
  for (const section of SECTIONS) {
    if (wanted.length > 0 && !wanted.includes(section.name)) continue;
    process.stdout.write(`\n${section.name}\n`);
    const surroundings = await openSurroundings(LIMIT);
    const measurements = await within('the section', LIMIT + GRACE, () => section.run(surroundings)).finally(() =>
      surroundings.end((error) => process.stdout.write(`  not cleaned up: ${String(error)}\n`)),
    );
    for (const measurement of measurements) process.stdout.write(`${line(measurement)}\n`);
    results[section.name] = measurements;
  }
  const machine = { node: process.version, cpus: cpus().length, model: cpus()[0]?.model ?? '' };
  await writeFile(RESULTS, `${JSON.stringify({ at: new Date().toISOString(), machine, results }, undefined, 2)}\n`);
  const missed = Object.values(results)
    .flat()
    .filter((measurement) => !holds(measurement));
  process.stdout.write(
    `\n${RESULTS} written; ${missed.length === 0 ? 'every limit holds' : `${missed.length} limits do not hold`}\n`,
  );
  return missed.length === 0 ? 0 : 1;
}

function line(measurement: Measurement): string {
  const { name, value, unit, limit } = measurement;
  const number = value.toFixed(Number.isInteger(value) || value >= 1000 ? 0 : 2);
  const words = { exactly: 'must be', atMost: 'at most', atLeast: 'at least' };
  const bound = limit === undefined ? '' : `${words[limit.kind]} ${limit.value}${holds(measurement) ? '' : '  MISSED'}`;
  return `  ${name.padEnd(64)} ${number.padStart(10)} ${unit.padEnd(9)} ${bound}`.trimEnd();
}

process.exitCode = await main(process.argv.slice(2));
