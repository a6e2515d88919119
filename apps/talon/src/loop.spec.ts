import { afterAll, afterEach, expect, it } from 'vitest';
import { BAD_PLUGIN, directoryOf, killAll, ruleFor, startTalon } from './testing-program.ts';

const made = directoryOf({
  'config.yaml': `listen_address: 127.0.0.1
listen_port: 0
log_format: json
data_directory: data
rules_files: [rules.yaml]
watchdog_seconds: 1
limits: { event_attempts: 1 }
plugins: ["@falco-talon/queue-sqlite", ./bad.mjs]
`,
  'rules.yaml': ['loop', 'fine'].map(ruleFor).join(''),
  'bad.mjs': BAD_PLUGIN,
});
afterEach(killAll);
afterAll(() => made.remove());

/** The promise about what cannot be contained: a loop costs processes and its own event, nothing else. How many: the fault `poison`. */
it(
  'an event whose action loops for ever is set aside after its attempts, and the others go on',
  {
    timeout: 60_000,
  },
  async () => {
    const first = await startTalon(made.path);
    expect((await first.alert('{"rule":"loop"}')).status).toBe(202);
    expect(await first.ended).toBe('SIGKILL');
    expect(first.stderr()).toContain('nothing could run for 1 s');

    const last = await startTalon(made.path);
    expect(JSON.parse(await last.line('not finished after its one attempt'))).toMatchObject({ level: 'error' });
    expect((await last.alert('{"rule":"fine"}')).status).toBe(202);
    expect(JSON.parse(await last.line('"result":"fine"'))).toMatchObject({ rule: 'fine', status: 'success' });
    // The event is settled a moment after its outcome is logged.
    const metrics = async () => (await fetch(`http://127.0.0.1:${last.port}/metrics`)).text();
    await expect.poll(metrics).toContain('falcosecurity_falco_talon_queue_messages{state="pending"} 0');
    expect(await metrics()).toContain('falcosecurity_falco_talon_queue_messages{state="dead"} 1');
    last.child.kill('SIGTERM');
    expect(await last.ended).toBe(0);
  },
);
