import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { realPrograms, type ExecHandler, type FakeKubernetes } from '@falco-talon/fake-kubernetes';
import { watchResident } from '@falco-talon/testkit/server';
import { startShop, type LogLine, type Talon } from '../harness/index.ts';
import type { FaultRun, Scenario } from '../scenario.ts';

const MIB = 1024 * 1024;
/** Seconds a command may take, by its name; the gigabyte has to come to its end. */
const COMMANDS = { endless: 2, gigabyte: 120, cut: 2, dies: 2 } as const;
const FILES = ['file', 'file-cut', 'file-dies'] as const;
type Name = keyof typeof COMMANDS | (typeof FILES)[number];
/** What runs side by side. The loss of the connections would strike the others as well. */
const TURNS: Readonly<Record<FaultRun['size'], readonly (readonly Name[])[]>> = {
  full: [['endless'], ['gigabyte'], ['dies'], ['file'], ['file-dies'], ['cut'], ['file-cut']],
  short: [
    ['endless', 'gigabyte', 'dies', 'file', 'file-dies'],
    ['cut', 'file-cut'],
  ],
};
/** Milliseconds to tell a command to end, to kill it and to hear of it; and what a machine that is busy may add. */
const ENDING = 5_000;
const SLACK = { full: 0, short: 15_000 } as const;
/** Bytes of an artifact, and what a file whose reading breaks off gives. */
const CAP = 4 * MIB;
const PART = MIB;
/** Milliseconds for what was written to arrive before its connection is gone. */
const ARRIVAL = 300;
/** Bytes of the output in a record, with the note that it was cut. */
const MOST_OUTPUT = 64 * 1024;
/** MiB the process may hold at most. */
const MOST_MEMORY = 350;

export const endlessExec: Scenario = {
  name: 'endless-exec',
  title:
    'commands in containers never end, print a gigabyte, lose their connection, end with their container; so do files that are read',
  async run(run) {
    const gigabyte = (run.size === 'full' ? 1024 : 64) * MIB;
    const evidence = (name: string) => join(run.directory, `evidence-of-${name}`);
    for (const name of FILES) await mkdir(evidence(name));
    const big = join(run.directory, 'big');
    await using file = await open(big, 'w');
    await file.truncate(gigabyte);
    const shop = await startShop(run, {
      talon: {
        rules: [
          ...Object.entries(COMMANDS).map(commandRule),
          ...FILES.map((name) => fileRule(name, big, evidence(name))),
        ].join(''),
        environment: { FALCO_TALON_LIMITS_ARTIFACT_BYTES: String(CAP) },
      },
    });
    const { fake, talon } = shop;
    const memory = watchResident(talon.pid);
    const took = new Map<Name, number>();
    for (const names of TURNS[run.size]) {
      const cut = cutWhenAllHaveBegun(fake, names.filter((name) => name.endsWith('cut')).length);
      const stops = names.map((name) =>
        fake.onExec({ pod: name }, name === 'file' ? realPrograms() : behaviour(name, gigabyte, cut)),
      );
      const startedAt = performance.now();
      await Promise.all(names.map((name) => shop.send({ perSecond: 10, count: 1 }, name, name).done));
      await talon.drained();
      for (const name of names) took.set(name, performance.now() - startedAt);
      for (const stop of stops) stop();
    }
    const highest = memory();
    await shop.explain();

    const ends = await endsIn(talon);
    for (const [name, milliseconds] of took) {
      const { status, error } = ends.get(`action ${name}`) ?? {};
      run.say(
        `${name}: ${status} after ${(milliseconds / 1000).toFixed(1)} s${error === undefined ? '' : `: ${error.slice(0, 120)}`}`,
      );
      const wanted = name === 'gigabyte' || name === 'file' ? 'success' : 'failure';
      run.expect(`${name}: it is a ${wanted}`, status === wanted);
      if (name !== 'gigabyte') {
        const most = COMMANDS.endless * 1000 + ENDING + SLACK[run.size];
        run.expect(`${name}: it ended within ${most / 1000} s`, milliseconds < most);
      }
    }
    const printed = ends.get('action gigabyte');
    // A line of the log holds less of it than the record, and says how much less.
    const [, shown = '', more = ''] = /^([^]*)… \((\d+) more\)$/.exec(String(printed?.['output'])) ?? [];
    const kept = shown.length + Number(more);
    run.say(`of ${gigabyte / MIB} MiB of output ${kept} bytes were kept: ${String(printed?.['result'])}`);
    run.expect(
      'output is cut, and told to be',
      shown.startsWith(`${BEGUN}xxx`) &&
        kept <= MOST_OUTPUT &&
        String(printed?.['result']).includes('its output is cut'),
    );
    for (const name of FILES)
      await checkEvidence(run, name, evidence(name), ends.get(`output ${name}`), name === 'file' ? CAP : PART);
    run.say(`memory ${highest.toFixed(0)} MiB at most`);
    run.expect(`memory stays under ${MOST_MEMORY} MiB`, highest < MOST_MEMORY);
  },
};

/** What is there is whole, and told to be only a part, with the hash of what is there. */
async function checkEvidence(
  run: FaultRun,
  name: Name,
  directory: string,
  uploaded: LogLine | undefined,
  bytes: number,
): Promise<void> {
  const objects = (uploaded?.['objects'] ?? {}) as Readonly<Record<string, string>>;
  const names = await readdir(directory);
  const content = names[0] === undefined ? Buffer.alloc(0) : await readFile(join(directory, names[0]));
  const hash = createHash('sha256').update(content).digest('hex');
  run.say(`${name}: ${content.length / MIB} MiB were kept: ${JSON.stringify(objects)}`);
  run.expect(`${name}: what came until it was cut is evidence, once`, names.length === 1 && content.length === bytes);
  run.expect(
    `${name}: it is told to be cut, and its hash is that of what is there`,
    objects['truncated'] === 'true' && objects['sha256'] === hash,
  );
}

/** The last line about each action and each upload that ended, by its rule. */
async function endsIn(talon: Talon): Promise<Map<string, LogLine>> {
  const ends = new Map<string, LogLine>();
  for await (const line of talon.lines())
    if ((line.message === 'action' || line.message === 'output') && line.status !== 'in_progress')
      ends.set(`${line.message} ${line.rule}`, line);
  return ends;
}

function commandRule([name, timeout]: [string, number]): string {
  return `- { rule: ${name}, match: { rules: [${name}] }, actions: [{ action: run, actionner: kubernetes:exec, parameters: { command: "true", timeout: ${timeout} } }] }\n`;
}

function fileRule(name: string, file: string, destination: string): string {
  return `
- rule: ${name}
  match: { rules: [${name}] }
  actions:
    - action: keep
      actionner: kubernetes:download
      parameters: { file: ${file}, timeout: 30 }
      output: { target: local:file, parameters: { destination: ${destination} } }
`;
}

const BEGUN = 'begun\n';

function behaviour(name: Name, gigabyte: number, cut: () => Promise<void>): ExecHandler {
  return async ({ stdout, signal }) => {
    const write = async (bytes: Buffer) => {
      // Nobody reads any more once the client is gone.
      if (!stdout.write(bytes)) await once(stdout, 'drain', { signal: AbortSignal.timeout(1_000) }).catch(() => {});
    };
    await write(name.startsWith('file') ? Buffer.alloc(PART, 'y') : Buffer.from(BEGUN));
    if (name === 'gigabyte') for (let left = gigabyte; left > 0; left -= MIB) await write(Buffer.alloc(MIB, 'x'));
    if (name.endsWith('cut')) await cut();
    if (name === 'endless' || name.endsWith('cut'))
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return name.endsWith('dies') ? 137 : 0;
  };
}

/** Ends every connection once so many commands run; and again for each that is begun anew. */
function cutWhenAllHaveBegun(fake: FakeKubernetes, count: number): () => Promise<void> {
  let begun = 0;
  return async () => {
    if (++begun < count) return;
    await delay(ARRIVAL);
    fake.closeConnections();
  };
}
