import { setTimeout as delay } from 'node:timers/promises';
import { pod } from '@falco-talon/fake-kubernetes';
import { alertText, natsMissing } from '@falco-talon/testkit/server';
import {
  account,
  FALCO_RULE,
  onNats,
  sayAccount,
  startCluster,
  startNatsServer,
  startSender,
  startTalon,
  startTcpProxy,
  throughProxy,
  until,
  type Sender,
} from '../harness/index.ts';
import type { Scenario } from '../scenario.ts';

const RULES = `
- rule: Terminate
  match: { rules: [${FALCO_RULE}] }
  actions: [{ action: terminate, actionner: kubernetes:terminate }]
`;
const EVERYTHING = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];

export const splitNats: Scenario = {
  name: 'split-nats',
  title: 'the network between one of two replicas and NATS swallows everything for longer than a lease, then heals',
  missing: natsMissing,
  async run(run) {
    const full = run.size === 'full';
    const server = await startNatsServer(run);
    const fake = await startCluster(run);
    const proxy = await startTcpProxy(run, server);
    const start = async (name: string, nats: { readonly port: number }) => {
      fake.addUser({ name, rules: EVERYTHING });
      const api = await startTcpProxy(run, fake);
      const kubeconfig = throughProxy(fake.kubeconfig({ user: name }), fake, api);
      return startTalon(run, { name, rules: RULES, kubeconfig, ...onNats(nats) });
    };
    const [cut, other] = await Promise.all([start('cut', proxy), start('other', server)]);
    const all = [cut, other];
    const deletions = () => fake.requests.filter(({ method, resource }) => method === 'DELETE' && resource === 'pods');
    const gone = (n: number) => fake.get('pods', 'shop', `pod-${n}`) === undefined;
    const senders: Sender[] = all.map(({ url }, n) =>
      startSender(run, url, {
        perSecond: full ? 100 : 30,
        first: n * 1_000_000,
        body(number) {
          fake.create(pod({ name: `pod-${number}`, namespace: 'shop' }));
          return alertText(FALCO_RULE, `pod-${number}`, number);
        },
      }),
    );
    // Carried out, but nobody knows: what it began has to be found out.
    fake.fault({ kind: 'no-answer', times: 1, match: { user: 'cut', method: 'DELETE', resource: 'pods' } });
    await until(() => deletions().filter(({ user }) => user === 'cut').length >= 5, run.signal);
    proxy.blackhole();
    const before = deletions().length;
    await delay(full ? 20_000 : 2_200, undefined, { signal: run.signal });
    const meanwhile = deletions().slice(before);
    // The lease of a second, and the request that was under way.
    run.say(
      `while it was cut off, ${meanwhile.filter(({ user }) => user === 'cut').length} of ${meanwhile.length} deletions were its own`,
    );
    run.expect(
      'the other one goes on',
      meanwhile.some(({ user }) => user === 'other'),
    );
    await proxy.pass();
    const healed = deletions().length;
    await until(
      () =>
        deletions()
          .slice(healed)
          .some(({ user }) => user === 'cut'),
      run.signal,
    );
    for (const sender of senders) await sender.stop();
    await other.drained(full ? 120_000 : 30_000);
    for (const talon of all) await talon.stop();

    const uids = deletions().map(({ body }) => (body as { preconditions?: { uid?: string } }).preconditions?.uid);
    async function* lines() {
      for (const talon of all) yield* talon.lines();
    }
    const sent = senders.flatMap((sender) => sender.sent);
    sayAccount(run, await account({ sent, lines: lines(), hasEffect: ({ n }) => gone(n), killed: false }));
    run.expect('every deletion names the uid of its pod', !uids.includes(undefined));
    run.expect('no pod was deleted twice', new Set(uids).size === uids.length);
    run.expect(
      'every accepted alert had its effect',
      sent.every(({ n, outcome }) => outcome !== 'accepted' || gone(n)),
    );
  },
};
