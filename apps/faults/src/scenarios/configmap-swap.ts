import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { alertText } from '@falco-talon/testkit/server';
import { account, sayAccount, startSender, startTalon, until, type Sent } from '../harness/index.ts';
import { FALCO_RULE, mountConfigMap, PLUGIN, ruleSet } from '../reload/rule-sets.ts';
import type { Scenario } from '../scenario.ts';

/** Milliseconds after which new rules must be in force. */
const LIMIT = 5_000;

export const configmapSwap: Scenario = {
  name: 'configmap-swap',
  title: 'the rules are swapped as the kubelet swaps a ConfigMap, the old ones removed before or after',
  async run(run) {
    const directory = join(run.directory, 'talon');
    await mkdir(directory);
    const configMap = await mountConfigMap(join(directory, 'rules'), ruleSet(0));
    const talon = await startTalon(run, {
      rules: '',
      rulesPath: 'rules',
      config: 'plugins: ["@falco-talon/queue-sqlite", ./probe.mjs]\ndeduplication: { time_window_seconds: 0 }\n',
      files: { 'probe.mjs': PLUGIN },
    });
    const reloads = () => talon.log().split('"message":"rules reloaded"').length - 1;
    const swaps = run.size === 'full' ? 50 : 4;
    const took: number[] = [];
    const sent: Sent[] = [];
    /** The rules that were in force when an alert was sent, by its trace id. */
    const inForce = new Map<string, number>();
    for (let n = 1; n <= swaps; n++) {
      const version = n * 3;
      const startedAt = performance.now();
      await configMap.update(ruleSet(version));
      await until(() => reloads() >= n, AbortSignal.any([run.signal, AbortSignal.timeout(2 * LIMIT)]));
      took.push(performance.now() - startedAt);
      const sender = startSender(run, talon.url, {
        perSecond: 100,
        count: 3,
        first: n * 10,
        body: (m) => alertText(FALCO_RULE, `pod-${m}`, m),
      });
      await sender.done;
      sent.push(...sender.sent);
      for (const { traceId } of sender.sent) inForce.set(traceId, version);
    }
    await talon.drained();
    await talon.stop();
    const slowest = Math.max(...took);
    run.say(`${swaps} swaps; new rules in force after ${slowest.toFixed(0)} ms at most`);
    run.expect('in force within 5 s', slowest < LIMIT);
    run.expect('no half of a set was read', !talon.log().includes('rules not reloaded'));
    const acted = new Map<string, string[]>();
    for await (const { message, result, trace_id = '' } of talon.lines())
      if (message === 'action') acted.set(trace_id, [...(acted.get(trace_id) ?? []), String(result)]);
    run.expect(
      'each alert was acted on by both rules of the set in force, and by no other',
      Array.from(inForce).every(([trace, version]) => acted.get(trace)?.join() === `${version},${version}`),
    );
    sayAccount(run, await account({ sent, lines: talon.lines(), steps: 2 }));
  },
};
