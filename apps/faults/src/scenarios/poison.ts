import { setTimeout as delay } from 'node:timers/promises';
import { alertText } from '@falco-talon/testkit/server';
import {
  account,
  probePlugin,
  probeRules,
  sayAccount,
  startSender,
  startTalon,
  type Sender,
} from '../harness/index.ts';
import type { Scenario } from '../scenario.ts';

/** What a plugin does to the process, by the rule that lets it. */
const HARMLESS = {
  throws: "throw new Error('thrown')",
  rejects: "Promise.reject(new Error('nobody waits')); await null; throw new Error('thrown')",
  exits: 'process.exit(1)',
};
const DEADLY = {
  loops: 'for (;;);',
  allocates: 'const all = []; for (let n = 0; n < 1024; n++) all.push(new Array(131072).fill(n));',
};
const PLUGIN = { ...HARMLESS, ...DEADLY, works: "return { status: 'success', message: 'done' }" };
/** Alerts for each plugin that harms nobody else. */
const EACH = 3;
/** Deliveries of an alert before it is set aside. */
const ATTEMPTS = 3;

export const poison: Scenario = {
  name: 'poison',
  title: 'a plugin throws, leaves a rejection, ends the process, loops for ever, takes all memory',
  async run(run) {
    const talon = await startTalon(run, {
      rules: probeRules(Object.keys(PLUGIN)),
      config:
        'plugins: ["@falco-talon/queue-sqlite", ./probe.mjs]\ndeduplication: { time_window_seconds: 0 }\nwatch_rules: false\nwatchdog_seconds: 1\n',
      files: { 'probe.mjs': probePlugin(PLUGIN) },
      nodeFlags: ['--max-old-space-size=256'],
    });
    const senders: Sender[] = [];
    async function send(rule: string, count: number): Promise<void> {
      const first = senders.length * 1000;
      const sender = startSender(run, talon.url, {
        perSecond: 100,
        count,
        first,
        body: (n) => alertText(rule, `pod-${n}`, n),
      });
      senders.push(sender);
      await sender.done;
    }
    /** Starts it again, as a kubelet does, until nothing is queued; resolves with how often it ended. */
    async function superviseUntilDrained(): Promise<number> {
      let ends = 0;
      for (let running = true; ; ends++) {
        if (running) {
          const ended = talon.exited().then(() => 'ended' as const);
          const drained = talon.drained().then(
            () => 'drained' as const,
            () => ended,
          );
          if ((await Promise.race([ended, drained])) === 'drained') return ends;
        }
        run.signal.throwIfAborted();
        // What ends it may do so before it has answered once.
        running = await talon.start().then(
          () => true,
          () => false,
        );
      }
    }

    for (const rule of Object.keys(HARMLESS)) await send(rule, EACH);
    await send('works', 20);
    run.expect('a plugin that throws, rejects or exits ends nothing', (await superviseUntilDrained()) === 0);
    const deadly = run.size === 'full' ? Object.keys(DEADLY) : ['loops'];
    for (const rule of deadly) {
      await Promise.all([send('works', 20), delay(50).then(() => send(rule, 1))]);
      const restarts = await superviseUntilDrained();
      run.say(`${rule}: the process ended ${restarts} times`);
      run.expect(`${rule}: ${ATTEMPTS} times`, restarts === ATTEMPTS);
    }
    const { dead } = (await talon.metrics()).queue();
    run.expect('what ended the process is a dead letter', dead === deadly.length);
    await talon.stop();
    const sent = senders.flatMap((sender) => sender.sent);
    const result = await account({ sent, lines: talon.lines() });
    sayAccount(run, result);
    run.say(`dead letters ${dead}`);
    const failed = Object.keys(HARMLESS).length * EACH;
    run.expect(
      'what a plugin did to itself has failed, and all that is neither that nor a dead letter is done',
      result.failed === failed &&
        result.dead <= deadly.length &&
        result.done === result.accepted - failed - result.dead,
    );
  },
};
