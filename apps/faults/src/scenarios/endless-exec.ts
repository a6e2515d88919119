import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { realPrograms, type ExecHandler, type FakeKubernetes } from '@falco-talon/fake-kubernetes';
import { watchResident } from '@falco-talon/testkit/server';
import { startShop, type LogLine } from '../harness/index.ts';
import type { Scenario } from '../scenario.ts';

const MIB = 1024 * 1024;
/** Seconds a command may take, and milliseconds what is around it may take beside. */
const TIMEOUT = 2;
const AROUND = 15_000;
/** Bytes of an artifact. */
const CAP = 4 * MIB;
/** MiB the process may hold at most. */
const MOST_MEMORY = 350;
const COMMANDS = ['endless', 'gigabyte', 'cut', 'dies'] as const;
/** What runs side by side. The loss of the connections would strike the others as well. */
const TURNS = {
  full: [...COMMANDS, 'file'].map((name) => [name]),
  short: [['endless', 'gigabyte', 'dies', 'file'], ['cut']],
};

export const endlessExec: Scenario = {
  name: 'endless-exec',
  title:
    'commands in containers never end, print a gigabyte, lose their connection, end with their container; a file has a gigabyte',
  async run(run) {
    const gigabyte = (run.size === 'full' ? 1024 : 64) * MIB;
    const evidence = join(run.directory, 'evidence');
    const big = join(run.directory, 'big');
    await mkdir(evidence);
    await using file = await open(big, 'w');
    await file.truncate(gigabyte);
    const shop = await startShop(run, {
      talon: {
        rules: rules(evidence, big),
        environment: { FALCO_TALON_LIMITS_ARTIFACT_BYTES: String(CAP) },
      },
    });
    const { fake, talon } = shop;
    const memory = watchResident(talon.pid);
    for (const name of COMMANDS) fake.onExec({ pod: name }, behaviour(name, gigabyte, fake));
    fake.onExec({ pod: 'file' }, realPrograms());
    const took = new Map<string, number>();
    for (const names of TURNS[run.size]) {
      const startedAt = performance.now();
      await Promise.all(names.map((name) => shop.send({ perSecond: 10, count: 1 }, name, name).done));
      await talon.drained();
      for (const name of names) took.set(name, performance.now() - startedAt);
    }
    const highest = memory();
    await shop.explain();

    const ends = new Map<string, LogLine>();
    for await (const line of talon.lines())
      if ((line.message === 'action' || line.message === 'output') && line.status !== 'in_progress')
        ends.set(`${line.message} ${line.rule}`, line);
    for (const [name, milliseconds] of took) {
      const { status, error } = ends.get(`action ${name}`) ?? {};
      run.say(
        `${name}: ${status} after ${(milliseconds / 1000).toFixed(1)} s${error === undefined ? '' : `: ${error.slice(0, 120)}`}`,
      );
      run.expect(`${name}: it ended`, status !== undefined && milliseconds < TIMEOUT * 1000 + AROUND);
    }
    const status = (name: string) => ends.get(`action ${name}`)?.status;
    run.expect(
      'what never ends, lost its connection or its container is a failure',
      ['endless', 'cut', 'dies'].every((name) => status(name) === 'failure'),
    );

    const objects = (ends.get('output file')?.['objects'] ?? {}) as Readonly<Record<string, string>>;
    const [stored = ''] = await readdir(evidence);
    const content = await readFile(join(evidence, stored));
    const hash = createHash('sha256').update(content).digest('hex');
    run.say(`of a file with ${gigabyte / MIB} MiB ${content.length / MIB} MiB were kept: ${JSON.stringify(objects)}`);
    run.expect('evidence is cut at the limit', content.length === CAP);
    run.expect(
      'it is told to be cut, and its hash is that of what is there',
      objects['truncated'] === 'true' && objects['sha256'] === hash,
    );
    run.say(`memory ${highest.toFixed(0)} MiB at most`);
    run.expect(`memory stays under ${MOST_MEMORY} MiB`, !(highest >= MOST_MEMORY));
  },
};

function rules(evidence: string, big: string): string {
  const command = (name: string) =>
    `- { rule: ${name}, match: { rules: [${name}] }, actions: [{ action: run, actionner: kubernetes:exec, parameters: { command: "true", timeout: ${TIMEOUT} } }] }\n`;
  return `${COMMANDS.map(command).join('')}
- rule: file
  match: { rules: [file] }
  actions:
    - action: keep
      actionner: kubernetes:download
      parameters: { file: ${big}, timeout: 30 }
      output: { target: local:file, parameters: { destination: ${evidence} } }
`;
}

function behaviour(name: (typeof COMMANDS)[number], gigabyte: number, fake: FakeKubernetes): ExecHandler {
  return async ({ stdout, signal }) => {
    const write = async (bytes: Buffer) => {
      // Nobody reads any more once the client is gone.
      if (!stdout.write(bytes)) await once(stdout, 'drain', { signal: AbortSignal.timeout(1_000) }).catch(() => {});
    };
    await write(Buffer.from('begun\n'));
    if (name === 'gigabyte') for (let left = gigabyte; left > 0; left -= MIB) await write(Buffer.alloc(MIB, 'x'));
    if (name === 'cut') fake.closeConnections();
    if (name === 'endless' || name === 'cut') await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return name === 'dies' ? 137 : 0;
  };
}
