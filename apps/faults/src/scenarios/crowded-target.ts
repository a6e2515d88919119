import type { ReceivedRequest } from '@falco-talon/fake-kubernetes';
import { percentile } from '@falco-talon/testkit/server';
import { firstCalls, LABEL_RULES, startShop, until, watchRequests, type Sent } from '../harness/index.ts';
import type { FaultRun, Scenario } from '../scenario.ts';

const KEY = 'analysis/alert';
/** Pods that must be acted on at once while no call is answered: in full as many as the client opens connections. */
const AT_ONCE = { full: 32, short: 8 } as const;
/** Milliseconds until then; before a call without an answer is given up. */
const SOON = 9_000;

export const crowdedTarget: Scenario = {
  name: 'crowded-target',
  title: 'one pod gets a thousand alerts while a thousand pods get one each',
  async run(run) {
    const full = run.size === 'full';
    const crowd = full ? 1_000 : 100;
    const { talon, fake, send, settle } = await startShop(run, {
      talon: { rules: LABEL_RULES + numberedRules(crowd) },
    });
    const requests = watchRequests(fake);
    const latency = fake.fault({ kind: 'latency', ms: 5, match: { resource: 'pods' } });
    /** p99 of the milliseconds from an alert to the first call about its pod. */
    const others = async () =>
      percentile(await firstCalls(requests, send({ perSecond: 200, count: crowd }), run.signal), 0.99);
    await others();
    const alone = await others();
    const crowded = send({ perSecond: 10_000, count: crowd, connections: 10 }, 'crowded', (n) => ruleOf(n % crowd));
    const beside = await others();
    await crowded.done;
    run.say(
      `p99 of the others: ${alone.toFixed(1)} ms alone, ${beside.toFixed(1)} ms beside ${crowd} alerts about one pod`,
    );
    if (full) run.expect('the others take less than twice as long', beside < 2 * alone);
    await talon.drained();
    latency.release();

    const held = new Set<string>();
    const gate = fake.fault({ kind: 'hold', match: ({ verb, name }) => verb === 'patch' && held.add(name).size > 0 });
    const atOnce = AT_ONCE[run.size];
    await send({ perSecond: 1_000, count: 2 * atOnce }).done;
    const soon = AbortSignal.any([run.signal, AbortSignal.timeout(SOON)]);
    await until(() => held.size >= atOnce, soon).catch(() => run.signal.throwIfAborted());
    run.expect(`${atOnce} pods are acted on at once`, held.size >= atOnce);
    gate.release();

    await settle();
    const calls = requests.byObject.get('crowded') ?? [];
    run.expect('the crowded pod was acted on one at a time', calls.length > 0 && !calls.some((one) => one.overlaps));
    const patches = calls.map(({ request }) => request).filter(({ verb }) => verb === 'patch');
    checkOrder(run, crowded.sent, patches, crowd);
  },
};

const ruleOf = (number: number) => `Alert ${number}`;

/** Each leaves its number on the pod. */
function numberedRules(count: number): string {
  return Array.from({ length: count }, (_, number) =>
    JSON.stringify({
      rule: ruleOf(number),
      match: { rules: [ruleOf(number)] },
      actions: [
        { action: 'number', actionner: 'kubernetes:annotation', parameters: { annotations: { [KEY]: `${number}` } } },
      ],
    }),
  )
    .map((rule) => `- ${rule}\n`)
    .join('');
}

/** What was answered before another one was sent comes before it; of those that were under way together nobody can say. */
function checkOrder(run: FaultRun, sent: readonly Sent[], patches: readonly ReceivedRequest[], crowd: number): void {
  const byNumber = new Map(sent.map((one) => [`${one.n % crowd}`, one]));
  const acted = patches.flatMap(({ body }) => byNumber.get(numberIn(body)) ?? []);
  run.expect('each of its alerts was acted on once', acted.length === crowd && new Set(acted).size === crowd);
  let latest = -Infinity;
  let overtaken = 0;
  for (const { at, took } of acted) {
    if (at + took < latest) overtaken++;
    latest = Math.max(latest, at);
  }
  run.expect('in their order', overtaken === 0);
}

function numberIn(body: unknown): string {
  const { metadata } = body as { metadata?: { annotations?: Readonly<Record<string, string>> } };
  return metadata?.annotations?.[KEY] ?? '';
}
