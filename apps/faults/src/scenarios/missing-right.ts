import { serviceAccount } from '@falco-talon/fake-kubernetes';
import { LABEL_RULES, startListener, startShop, watchRequests } from '../harness/index.ts';
import type { Scenario } from '../scenario.ts';

const WHO = 'system:serviceaccount:talon:engine';

export const missingRight: Scenario = {
  name: 'missing-right',
  title: 'RBAC lets the program read pods and not change them',
  async run(run) {
    const count = run.size === 'full' ? 5_000 : 100;
    const listener = await startListener(run);
    const reads = [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }];
    const { talon, fake, send, explain } = await startShop(run, {
      fake: { users: [serviceAccount('talon', 'engine', reads)] },
      kubeconfig: (api) => api.kubeconfig({ user: WHO }),
      talon: {
        rules: `${LABEL_RULES}  notifiers: [webhook]\n`,
        environment: { FALCO_TALON_NOTIFIERS_WEBHOOK_URL: listener.url },
      },
    });
    const requests = watchRequests(fake);
    await send({ perSecond: 200, count }).done;
    await talon.drained();
    const failures = (await talon.metrics()).value('actions_total', { status: 'failure' });
    const { failed } = await explain();
    const patches = [...requests.byObject.values()].flat().filter(({ request }) => request.verb === 'patch').length;
    const told = listener.records.filter(({ status }) => status === 'failure');
    run.say(`refused calls ${patches}, failed actions ${failures}, notifications ${told.length}`);
    run.expect('every alert has its record and its count', failed === count && failures === count);
    run.expect('what is not allowed is not tried again', patches === count);
    run.expect('notifiers hear of it once', told.length === 1);
    run.expect('with the right that is missing', /not allowed to patch pods/.test(told[0]?.error ?? ''));
  },
};
