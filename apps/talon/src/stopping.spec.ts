import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BAD_PLUGIN, directoryOf, killAll, ruleFor, spawnTalon, startTalon } from './testing-program.ts';

const CONFIG = `listen_address: 127.0.0.1
listen_port: 0
log_format: json
data_directory: data
rules_files: [rules.yaml]
watch_rules: false
shutdown_grace_period: 3
plugins: ["@falco-talon/queue-sqlite", ./bad.mjs]
`;
const directories: ReturnType<typeof directoryOf>[] = [];
function directory(files: Readonly<Record<string, string>> = {}): string {
  const rules = ['stubborn', 'fine'].map(ruleFor).join('');
  const made = directoryOf({ 'config.yaml': CONFIG, 'rules.yaml': rules, 'bad.mjs': BAD_PLUGIN, ...files });
  directories.push(made);
  return made.path;
}
afterAll(killAll);
afterAll(() => directories.forEach((made) => made.remove()));

describe('a server that is told to stop', { timeout: 60_000, concurrent: true }, () => {
  it('ends with 0 although an action heeds no signal, and goes on with it after the restart', async () => {
    const path = directory();
    const talon = await startTalon(path);
    expect((await talon.alert('{"rule":"stubborn"}')).status).toBe(202);
    await talon.line('"status":"in_progress"');
    talon.child.kill('SIGTERM');
    expect(JSON.parse(await talon.line('server stopped'))).toMatchObject({ level: 'info', goes_on_after_restart: 1 });
    expect(await talon.ended).toBe(0);

    const again = await startTalon(path);
    expect(JSON.parse(await again.line('"status":"in_progress"'))).toMatchObject({ action: 'stubborn' });
  });

  it('ends with 1 when accepted alerts are lost, and says how many', async () => {
    const config = CONFIG.replace('period: 3', 'period: 1');
    const talon = await startTalon(directory({ 'config.yaml': `${config}queue: { type: memory }\n` }));
    await talon.alert('{"rule":"stubborn"}');
    await talon.line('"status":"in_progress"');
    talon.child.kill('SIGTERM');
    expect(JSON.parse(await talon.line('server stopped, accepted'))).toMatchObject({ level: 'error', alerts: 1 });
    expect(await talon.ended).toBe(1);
  });

  it('ends at once when it is told again, with 0', async () => {
    const talon = await startTalon(directory({ 'config.yaml': CONFIG.replace('period: 3', 'period: 600') }));
    await talon.alert('{"rule":"stubborn"}');
    await talon.line('"status":"in_progress"');
    talon.child.kill('SIGTERM');
    await talon.line('server stopping');
    // The same signal within a second is the same request: a terminal and a launcher both pass it on.
    const again = setInterval(() => talon.child.kill('SIGTERM'), 300);
    expect(await talon.ended).toBe(0);
    clearInterval(again);
    await talon.line('server stopping at once');
  });

  it('takes alerts on for the delay, and tells everybody that it is not ready', async () => {
    const config = CONFIG.replace('period: 3', 'period: 600');
    const talon = await startTalon(directory({ 'config.yaml': `${config}shutdown_delay_seconds: 250\n` }));
    talon.child.kill('SIGTERM');
    await talon.line('server stopping');
    expect((await fetch(`http://127.0.0.1:${talon.port}/readyz`)).status).toBe(503);
    const answer = await talon.alert('{"rule":"fine"}');
    expect([answer.status, answer.headers.get('connection')]).toEqual([202, 'close']);
    await talon.line('"result":"fine"');
    const again = setInterval(() => talon.child.kill('SIGTERM'), 300);
    expect(await talon.ended).toBe(0);
    clearInterval(again);
  });

  it('ends although a plugin hangs while it loads', async () => {
    const talon = spawnTalon(
      directory({
        'bad.mjs': 'process.stdout.write("loading\\n"); setInterval(() => {}, 1000); await new Promise(() => {});',
      }),
    );
    await talon.line('loading');
    talon.child.kill('SIGTERM');
    expect(await talon.ended).toBe(0);
  });
});

it('a server that gets SIGHUP reads its rules again and goes on', { timeout: 60_000 }, async () => {
  const early = `process.kill(process.pid, 'SIGHUP');${BAD_PLUGIN}`;
  const path = directory({ 'bad.mjs': early });
  const talon = await startTalon(path);
  const rules = join(path, 'rules.yaml');
  writeFileSync(rules, readFileSync(rules, 'utf8').replace('rules: [fine]', 'rules: [other]'));
  talon.child.kill('SIGHUP');
  await talon.line('rules reloaded');
  await talon.alert('{"rule":"other"}');
  await talon.line('"result":"fine"');
  talon.child.kill('SIGTERM');
  expect(await talon.ended).toBe(0);
});
