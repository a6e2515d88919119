import { node, pod, type FaultInput } from '@falco-talon/fake-kubernetes';
import { FALCO_RULE, startShop, until, watchRequests, type Arrival, type Shop } from '../harness/index.ts';
import type { FaultRun, Scenario } from '../scenario.ts';

const DRAIN_RULE = 'Drain';
const RULES = `
- rule: Terminate
  match: { rules: [${FALCO_RULE}] }
  actions: [{ action: terminate, actionner: kubernetes:terminate }]
- rule: Drain
  match: { rules: [${DRAIN_RULE}] }
  actions: [{ action: drain, actionner: kubernetes:drain, parameters: { max_wait_period: 60 } }]
`;
/** The calls about one pod, in their order. */
const GONE = 'GET';
const GONE_BETWEEN = 'GET DELETE';
/** After each conflict one look tells that it is still the same pod, one whether it may still be deleted. */
const CONFLICTS = Array.from({ length: 5 }, () => 'GET DELETE GET').join(' ');
/** Milliseconds from the end of a watch that has expired to the next list. */
const RELIST = 5_000;

export const goneAndConflict: Scenario = {
  name: 'gone-and-conflict',
  title:
    'pods are gone when they are looked at, or acted on; the API server always answers 409; the watch of a drain expires',
  async run(run) {
    const shop = await startShop(run, { talon: { rules: RULES } });
    const { fake, talon } = shop;
    // First: nothing else is on the node yet.
    await drainWithExpiredWatch(run, shop);
    const times = watchRequests(fake);
    const count = run.size === 'full' ? 200 : 8;

    async function strike(what: string, status: string, calls: string, fault: FaultInput): Promise<void> {
      const earlier = new Set(times.byObject.keys());
      const handle = fake.fault(fault);
      const sender = shop.send({ perSecond: 50, count });
      await sender.done;
      await talon.drained();
      handle.release();
      const struck = Array.from(times.byObject).flatMap(([name, all]) => (earlier.has(name) ? [] : [all]));
      const seen = new Set(struck.map(methods));
      run.say(`${what}: ${struck.length} pods; the calls about each: ${[...seen].join(', ')}`);
      run.expect(
        `${what}: ${count} pods, and the calls about each are ${calls}`,
        struck.length === count && [...seen].join() === calls,
      );
      const statuses = await statusesOf(shop, new Set(sender.sent.map(({ traceId }) => traceId)));
      run.expect(
        `${what}: the log says ${status}, once for each`,
        statuses.length === count && statuses.every((one) => one === status),
      );
    }

    const pods = { resource: 'pods' };
    await strike('gone when looked at', 'ignored', GONE, {
      kind: 'status',
      status: 404,
      reason: 'NotFound',
      match: pods,
    });
    await strike('gone between look and action', 'failure', GONE_BETWEEN, {
      kind: 'vanish',
      match: { ...pods, method: 'GET' },
    });
    await strike('always in conflict', 'failure', CONFLICTS, {
      kind: 'status',
      status: 409,
      reason: 'Conflict',
      match: { ...pods, method: 'DELETE' },
    });
    const { done, failed } = await shop.explain();
    run.expect(
      'what was gone when looked at is no failure, nor is the drain',
      done === count + 1 && failed === 2 * count,
    );
  },
};

function methods(arrivals: readonly Arrival[]): string {
  return arrivals.map(({ request }) => request.method).join(' ');
}

async function statusesOf({ talon }: Shop, traces: ReadonlySet<string>): Promise<string[]> {
  const statuses: string[] = [];
  for await (const { message, status, trace_id } of talon.lines())
    if (message === 'action' && status !== undefined && traces.has(trace_id ?? '')) statuses.push(status);
  return statuses;
}

/** What it waits for happens while it is not watching, and is not told to a watch that begins later. */
async function drainWithExpiredWatch(run: FaultRun, { fake, talon, send }: Shop): Promise<void> {
  fake.create(node({ name: 'node-1' }));
  const watches = () => fake.requests.filter(({ verb }) => verb === 'watch').length;
  const lists = () => fake.requests.filter(({ verb, resource }) => verb === 'list' && resource === 'pods').length;
  // Nobody ends: the pods that were evicted stay until the node answers.
  fake.setNodeAnswers('node-1', false);
  const pods = ['drained-1', 'drained-2'].map((name) => pod({ name, namespace: 'shop', node: 'node-1' }));
  fake.create(...pods);
  await send({ perSecond: 10, count: 1 }, 'drained-0', DRAIN_RULE).done;
  const gone = (name: string) => fake.get('pods', 'shop', name)?.metadata.deletionTimestamp !== undefined;
  await until(() => ['drained-0', 'drained-1', 'drained-2'].every(gone), run.signal);
  await fake.watches.until(1);
  const [watched, listed] = [watches(), lists()];
  fake.watches.silence();
  for (const name of ['drained-0', 'drained-1', 'drained-2']) fake.remove('pods', 'shop', name);
  fake.compact();
  const expired = performance.now();
  fake.closeConnections();
  await until(() => lists() > listed, run.signal, 5);
  const took = performance.now() - expired;
  await talon.drained();
  run.say(
    `the watch of a drain had expired: listed again after ${took.toFixed(0)} ms, ${watches() - watched} watches more`,
  );
  run.expect('a watch that has expired is followed by a list within 5 s', took < RELIST);
}
