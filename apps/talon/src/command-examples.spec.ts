import { execFileSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fit, silentLogger } from '@falco-talon/core';
import { runTalon } from '@falco-talon/host';
import queueSqlite from '@falco-talon/queue-sqlite';
import { plugins } from './plugins.ts';
import { directoryOf } from './testing-program.ts';

const sqlite = queueSqlite.queues![0]!;
const root = join(import.meta.dirname, '..', '..', '..');
const page = readFileSync(join(root, 'docs', 'command-line.md'), 'utf8');

/** The page is generated from the table of commands, and so has every example of every command. */
const commands = page
  .split(/^## /m)
  .slice(1)
  .map((section) => ({
    usage: /`(.*)`/.exec(section)![1]!,
    examples: [...section.matchAll(/^falco-talon .*$/gm)].map(([line]) => line),
  }));

/** Files of the names that examples use. */
const files = directoryOf({
  'config.yaml': `listen_address: 127.0.0.1
listen_port: 0
log_format: json
data_directory: data
rules_files: [rules.yaml]
shutdown_grace_period: 1
`,
  'falco.yaml': 'append_output: [{ extra_fields: [evt.hostname] }]\n',
  'kube.yaml': `apiVersion: v1
kind: Config
current-context: a
contexts: [{ name: a, context: { cluster: a, user: a } }]
clusters: [{ name: a, cluster: { server: 'http://127.0.0.1:9' } }]
users: [{ name: a, user: {} }]
`,
  'old-rules.yaml': `- name: Of the first releases
  match: { rules: [Something] }
  action: { name: kubernetes:log }
`,
  'more-rules.yaml': `- rule: One more
  match: { rules: [Something] }
  actions: [{ action: Label it, actionner: kubernetes:label, parameters: { labels: { a: b } } }]
`,
});
mkdirSync(join(files.path, 'data'));
copyFileSync(join(root, 'examples', 'rules.yaml'), join(files.path, 'rules.yaml'));
copyFileSync(join(import.meta.dirname, 'falco-rules.fixture.yaml'), join(files.path, 'falco_rules.yaml'));
copyFileSync(join(root, 'examples', 'rules_test.yaml'), join(files.path, 'rules_test.yaml'));
copyFileSync(join(root, 'examples', 'alert.json'), join(files.path, 'alert.json'));

function talon(argv: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  let output = '';
  let errors = '';
  const { promise: started, resolve } = Promise.withResolvers<string>();
  const stdout = new Writable({
    write(chunk, _, done) {
      output += String(chunk);
      const line = output.split('\n').find((one) => one.includes('server started'));
      if (line !== undefined) resolve(line);
      done();
    },
  });
  const stderr = new Writable({ write: (chunk, _, done) => ((errors += String(chunk)), done()) });
  const signals = new EventEmitter();
  const ended = runTalon({
    plugins,
    name: 'falco-talon',
    version: '0.0.0',
    directory: join(root, 'apps', 'talon'),
    argv,
    context: {
      environment: { KUBECONFIG: join(files.path, 'kube.yaml'), ...variables },
      homeDirectory: files.path,
      workingDirectory: files.path,
      stdout,
      stderr,
      signals,
    },
  }).then((code) => ({ code, output, errors }));
  void ended.then(() => resolve(''));
  return {
    /** The line a server prints when it takes alerts; empty when the command ended without it. */
    started,
    stop: () => signals.emit('SIGTERM', 'SIGTERM'),
    ended,
  };
}

/** The words bash makes of a line, without the program's name. */
function words(line: string): readonly string[] {
  return execFileSync('bash', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' })
    .split('\0')
    .slice(1, -1);
}

let server: ReturnType<typeof talon>;
let url = '';
beforeAll(async () => {
  server = talon(['server', '-c', 'config.yaml', '--dry-run'], { FALCO_TALON_DATA_DIRECTORY: 'other-data' });
  const line = await server.started;
  if (line === '') throw new Error(JSON.stringify(await server.ended));
  url = `http://127.0.0.1:${(JSON.parse(line) as { port: number }).port}`;
});
afterAll(async () => {
  server.stop();
  await server.ended;
  files.remove();
});

/** Sets aside what the examples name; no server runs on this directory. */
async function setAside(id: string): Promise<void> {
  const queue = await sqlite.open({
    settings: fit(sqlite.settings, {}).value as never,
    directory: join(files.path, 'data'),
    signal: new AbortController().signal,
    logger: silentLogger,
    now: Date.now,
    span: (_, work) => work(),
  });
  await queue.publish([{ id, kind: 'event', key: 'k', headers: {}, body: Buffer.from('{}') }]);
  const abort = new AbortController();
  await queue.consume(
    async (delivery) => {
      await delivery.settle({ kind: 'dead', reason: 'poison' });
      abort.abort();
    },
    { inFlight: 1, perKey: 1, signal: abort.signal },
  );
  await queue.close();
}

it('every command has examples', () => {
  expect(commands.length).toBeGreaterThan(10);
  expect(commands.filter(({ examples }) => examples.length === 0)).toEqual([]);
});

// Loading a completion script is what the specs of completion do, in the shells themselves.
describe.each(commands.filter(({ usage }) => !/ completion /.test(usage)))('$usage', ({ usage, examples }) => {
  it.each(examples)('%s', async (line) => {
    const address = usage.endsWith(' test-alert') ? ['--url', url, '--wait', '1'] : [];
    const letter = / dead-letter \w+ ([0-9a-f-]{36})$/.exec(line)?.[1];
    if (letter !== undefined) await setAside(letter);
    const running = talon([...words(line), ...address]);
    if (usage.endsWith(' server')) {
      await running.started;
      running.stop();
    }
    const { code, output, errors } = await running.ended;
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(output).not.toBe('');
  });
});
