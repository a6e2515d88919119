import type { FaultInput } from '@falco-talon/fake-kubernetes';
import { FALCO_RULE, startShop, watchRequests } from '../harness/index.ts';
import type { Scenario } from '../scenario.ts';

const RULES = `
- rule: Terminate
  match: { rules: [${FALCO_RULE}] }
  actions: [{ action: terminate, actionner: kubernetes:terminate }]
`;
/** Deletions of a pod that is gone: it was there when it was looked at. */
const GONE = 1;
/** Deletions of a pod that is always in conflict. */
const CONFLICTS = 5;
/** Looks at a pod before and after each of them. */
const LOOKS = 2;

export const goneAndConflict: Scenario = {
  name: 'gone-and-conflict',
  title: 'pods are gone when they are looked at, or when they are acted on; or the API server always answers 409',
  async run(run) {
    const shop = await startShop(run, { talon: { rules: RULES } });
    const { fake, talon } = shop;
    const times = watchRequests(fake);
    const count = run.size === 'full' ? 200 : 10;

    async function strike(what: string, limit: number, fault: FaultInput): Promise<void> {
      const earlier = new Set(times.byObject.keys());
      const handle = fake.fault(fault);
      await shop.send({ perSecond: 50, count }).done;
      await talon.drained();
      handle.release();
      const struck = Array.from(times.byObject).flatMap(([name, all]) => (earlier.has(name) ? [] : [all]));
      const most = (method: string) =>
        Math.max(...struck.map((all) => all.filter(({ request }) => request.method === method).length));
      const [deletions, looks] = [most('DELETE'), most('GET')];
      run.say(`${what}: ${struck.length} pods; looked at ${looks} times, called to delete ${deletions} times at most`);
      run.expect(`${what}: every pod was looked at`, struck.length === count);
      run.expect(`${what}: at most ${limit} deletions`, deletions <= limit && looks <= LOOKS * Math.max(limit, 1));
    }

    const pods = { resource: 'pods' };
    await strike('gone when looked at', 0, { kind: 'status', status: 404, reason: 'NotFound', match: pods });
    await strike('gone between look and action', GONE, { kind: 'vanish', match: { ...pods, method: 'GET' } });
    await strike('always in conflict', CONFLICTS, {
      kind: 'status',
      status: 409,
      reason: 'Conflict',
      match: { ...pods, method: 'DELETE' },
    });
    const result = await shop.explain();
    run.say(`the log calls ${result.done} of them done or ignored and ${result.failed} failed`);
  },
};
