import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BAD_PLUGIN, directoryOf, ENVIRONMENT, killAll, ruleFor, startTalon } from './testing-program.ts';

const CONFIG = `listen_address: 127.0.0.1
listen_port: 0
log_format: json
data_directory: data
rules_files: [rules.yaml]
shutdown_grace_period: 3
plugins: ["@falco-talon/queue-sqlite", ./bad.mjs]
`;
const RULES = ['exit', 'late', 'never', 'loop', 'fine'].map(ruleFor).join('');
const directories: ReturnType<typeof directoryOf>[] = [];
function directory(files: Readonly<Record<string, string>> = {}): string {
  const made = directoryOf({ 'config.yaml': CONFIG, 'rules.yaml': RULES, 'bad.mjs': BAD_PLUGIN, ...files });
  directories.push(made);
  return made.path;
}
afterAll(killAll);
afterAll(() => directories.forEach((made) => made.remove()));

describe('the server as a process', { timeout: 60_000, concurrent: true }, () => {
  it('survives plugins that break every promise, and stops on SIGTERM', async () => {
    const talon = await startTalon(directory());
    for (const rule of ['exit', 'late', 'never', 'fine']) {
      expect((await talon.alert(`{"rule":"${rule}"}`)).status).toBe(202);
    }
    const [exit, late] = await Promise.all([
      talon.line('a plugin called process.exit'),
      talon.line('"uncaught error"'),
      talon.line('"result":"fine"'),
      talon.line('thrown late'),
      talon.line('rejected late'),
    ]);
    expect(JSON.parse(exit)).toMatchObject({ message: 'action', status: 'failure', rule: 'exit' });
    expect(JSON.parse(late)).toMatchObject({ level: 'error' });
    expect(await (await fetch(`http://127.0.0.1:${talon.port}/metrics`)).text()).toContain('uncaught_errors_total 2');

    talon.child.kill('SIGTERM');
    expect(await talon.ended).toBe(0);
    expect(talon.stderr()).toBe('');
  });

  it('answers probes on a port of their own until its work is done', async () => {
    const config = `${CONFIG.replace('period: 3', 'period: 5')}monitoring: { listen_port: 0 }\n`;
    const talon = await startTalon(directory({ 'config.yaml': config }));
    const { monitoring_port: port } = JSON.parse(await talon.line('server started')) as { monitoring_port: number };
    expect((await talon.alert('{"rule":"never"}')).status).toBe(202);
    await talon.line('"message":"match"');
    talon.child.kill('SIGTERM');
    const takesAlerts = () => talon.alert('{').then(Boolean, () => false);
    while (await takesAlerts());
    const answers = await Promise.all(
      ['healthz', 'readyz', 'metrics'].map((path) => fetch(`http://127.0.0.1:${port}/${path}`)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 503, 200]);
    expect(await talon.ended).toBe(0);
  });

  it('is ended by the watchdog when a plugin loops for ever', async () => {
    const talon = await startTalon(directory({ 'config.yaml': `${CONFIG}watchdog_seconds: 2\n` }));
    await talon.alert('{"rule":"loop"}');
    expect(await talon.ended).toBe('SIGKILL');
    expect(talon.stderr()).toContain('nothing could run for 2 s');
  });

  it('works and ends when nobody reads its log', async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as { port: number };
    probe.close();
    await once(probe, 'close');
    const path = directory({ 'config.yaml': `${CONFIG.replace('port: 0', `port: ${port}`)}print_all_events: true\n` });
    const pipe = join(path, 'pipe');
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
    const fd = openSync(pipe, 'r+'); // holds the reading end open without reading
    const talon = await startTalon(path, [], fd);
    const send = (n: number) =>
      fetch(`http://127.0.0.1:${port}/`, {
        method: 'POST',
        body: JSON.stringify({ rule: `r${n}`, output: 'x'.repeat(2000) }),
      });
    while (
      !(await send(-1).then(
        (answer) => answer.ok,
        () => false,
      ))
    )
      await new Promise((resolve) => setTimeout(resolve, 20));
    // A pipe holds 64 KiB; this is ten times as much.
    const statuses = await Promise.all(Array.from({ length: 320 }, (_, n) => send(n).then(({ status }) => status)));
    expect(new Set(statuses)).toEqual(new Set([202]));
    talon.child.kill('SIGTERM');
    expect(await talon.ended).toBe(0);
    closeSync(fd);
  });

  it('says in a sentence why it cannot start', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    await expect(startTalon(directory({ 'config.yaml': CONFIG.replace('port: 0', `port: ${port}`) }))).rejects.toThrow(
      new RegExp(`: cannot listen on 127.0.0.1:${port}: another process uses this port; stop it or set listen_port\n$`),
    );
    other.close();
  });
});

it('a plugin that ends the process while it loads is a plugin that cannot be loaded', { timeout: 60_000 }, () => {
  const path = directory({ 'bad.mjs': 'process.exit(0);' });
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      '--conditions=@falco-talon/source',
      join(import.meta.dirname, 'main.ts'),
      'actionners',
      'list',
      '-c',
      'config.yaml',
    ],
    { cwd: path, encoding: 'utf8' },
  );
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: 'plugin ./bad.mjs: a plugin called process.exit; the process keeps running\n',
  });
});

it('a server told to stop while it still loads ends with 0', { timeout: 60_000 }, () => {
  const early = `
    import { registerHooks } from 'node:module';
    registerHooks({ load(url, context, next) {
      if (url.endsWith('/host/src/index.ts')) process.kill(process.pid, 'SIGTERM');
      return next(url, context);
    } });`;
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--import',
      `data:text/javascript,${encodeURIComponent(early)}`,
      '--conditions=@falco-talon/source',
      join(import.meta.dirname, 'main.ts'),
      'server',
      '-c',
      'config.yaml',
    ],
    { cwd: directory(), encoding: 'utf8' },
  );
  expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' });
  expect(stdout).not.toContain('server started');
});

describe('the launcher', { timeout: 60_000 }, () => {
  const launcher = join(import.meta.dirname, '..', 'bin', 'falco-talon.js');
  // What an older runtime looks like to the launcher: its version, and no way to replace the process.
  const old = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.0' } }); process.execve = undefined`;
  const launch = (before: readonly string[], ...argv: string[]) =>
    spawnSync(process.execPath, [...before, launcher, ...argv], {
      encoding: 'utf8',
      env: ENVIRONMENT,
    });

  it('runs the sources of a checkout', () => {
    expect(launch([], 'version')).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringMatching(/^falco-talon \d/),
    });
    expect(launch([], 'sever').status).toBe(2);
  });

  it.skipIf(process.platform === 'darwin')('finds the runtime npm installed when the system’s is too old', () => {
    const { status, stdout, stderr } = launch(
      ['--import', `data:text/javascript,${encodeURIComponent(old)}`],
      'nonsense',
    );
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain("unknown command 'nonsense'");
  });
});
