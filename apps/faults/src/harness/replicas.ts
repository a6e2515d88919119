import { namespace, pod, type FakeKubernetes, type ReceivedRequest } from '@falco-talon/fake-kubernetes';
import { alertText } from '@falco-talon/testkit/server';
import type { FaultRun } from '../scenario.ts';
import { startCluster } from './cluster.ts';
import { account, sayAccount, type Account } from './ledger.ts';
import type { LogLine } from './log-lines.ts';
import { startSender, type Sender, type Sent } from './sender.ts';
import { FALCO_RULE } from './shop.ts';
import { startTalon, type Talon } from './start-talon.ts';
import { startTcpProxy, throughProxy, type TcpProxy } from './tcp-proxy.ts';
import { until } from './until.ts';

const RULES = `
- rule: Terminate
  match: { rules: [${FALCO_RULE}] }
  actions: [{ action: terminate, actionner: kubernetes:terminate }]
`;
/** That of an installation without settings of its own. */
const LEASE_NAME = 'falco-talon-leader';
/** A Lease that is free: the first one to see it leads at once. */
const LEASE = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: LEASE_NAME, namespace: 'talon' },
  spec: { holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 0 },
};
const EVERYTHING = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
/** In full those a user gets: 15, 10 and 2 s. */
const SHORT = 'lease_duration_seconds: 2, renew_deadline_seconds: 1.6, retry_period_seconds: 0.2, ';
const WINDOW = 5;

/** One of several programs that choose a leader. */
export interface Replica extends Talon {
  /** Also the user the API server knows it as. */
  readonly name: string;
  /** Between it and the API server. */
  readonly proxy: TcpProxy;
  /** Between the other replicas and it: what they hand over comes through here. Alerts do not. */
  readonly handovers: TcpProxy;
}

/** Two programs, each with a queue of its own, at one API server that holds their Lease; they delete pods. */
export interface Replicas {
  readonly fake: FakeKubernetes;
  readonly all: readonly Replica[];
  start(name: string): Promise<Replica>;
  /** Who holds the Lease. */
  leader(): Replica;
  /** The first that does not. */
  follower(): Replica;
  /** Resolves when it holds the Lease. */
  led(by: Replica): Promise<void>;
  /** Alerts, each about a pod of its own; of several senders with the same pods each alert is sent to all of them. */
  send(to: Replica, load: { readonly count: number; readonly perSecond: number; readonly first?: number }): Sender;
  /** Resolves when every pod of which a sender had an answer is gone. */
  deleted(): Promise<void>;
  /** Requests to delete pods, in the order they arrived. */
  deletions(): readonly ReceivedRequest[];
  /** Demands that no deletion came from anybody while the Lease was somebody else's. */
  fenced(): void;
  /** Stops all, prints the account, and demands that every alert had its effect and none had it twice. */
  settle(): Promise<Account>;
}

export async function startReplicas(run: FaultRun, names: readonly string[] = ['one', 'two']): Promise<Replicas> {
  const fake = await startCluster(run, { objects: [namespace('talon'), LEASE] });
  const all: Replica[] = [];
  const senders: Sender[] = [];
  let started = 0;

  async function start(name: string): Promise<Replica> {
    fake.addUser({ name, rules: EVERYTHING });
    const proxy = await startTcpProxy(run, fake);
    // Loopback has many addresses: on its own one it is found by the others, at the port it listens on.
    const host = `127.0.0.${2 + started++}`;
    const talon = await startTalon(run, {
      name,
      rules: RULES,
      kubeconfig: throughProxy(fake.kubeconfig({ user: name }), fake, proxy),
      environment: { POD_NAME: name },
      config: [
        'watch_rules: false',
        'namespace: talon',
        `advertise_address: ${host}`,
        `deduplication: { time_window_seconds: ${WINDOW} }`,
        'shutdown_grace_period: 8',
        `election: { kubernetes: { ${run.size === 'full' ? '' : SHORT}outside_cluster: true } }`,
        '',
      ].join('\n'),
    });
    const handovers = await startTcpProxy(run, talon, { host, port: talon.port });
    // `talon` answers with getters.
    const replica = Object.assign(Object.create(talon) as Talon, { name, proxy, handovers });
    all.push(replica);
    return replica;
  }

  const holder = () => {
    const identity = fake.get('leases', 'talon', LEASE_NAME)?.spec?.['holderIdentity'];
    return typeof identity === 'string' ? identity.replace(/-[0-9a-f]{8}$/, '') : '';
  };
  const deletions = () => fake.requests.filter(({ method, resource }) => method === 'DELETE' && resource === 'pods');
  const gone = (n: number) => fake.get('pods', 'shop', `pod-${n}`) === undefined;
  const sent = () => senders.flatMap((sender) => sender.sent);
  const accepted = () => sent().filter(({ outcome }) => outcome === 'accepted');

  async function* lines(): AsyncGenerator<LogLine> {
    for (const replica of all) yield* replica.lines();
  }

  /** Who held the Lease from which request on: what was stored, in the order it was. */
  function terms(): readonly { readonly from: number; readonly by: string }[] {
    return fake.requests
      .filter(({ method, name, status }) => method === 'PUT' && name === LEASE_NAME && status === 200)
      .map(({ id, user, body }) => ({ from: id, by: holderIn(body) === '' ? '' : user }));
  }

  await Promise.all(names.map(start));
  await until(() => holder() !== '', run.signal);
  return {
    fake,
    all,
    start,
    leader: () => all.find(({ name }) => name === holder())!,
    follower: () => all.find(({ name }) => name !== holder())!,
    led: ({ name }) => until(() => holder() === name, run.signal),
    send(to, { count, perSecond, first = sent().length }) {
      const sender = startSender(run, to.url, {
        count,
        perSecond,
        first,
        body(n) {
          if (gone(n)) fake.create(pod({ name: `pod-${n}`, namespace: 'shop' }));
          return alertText(FALCO_RULE, `pod-${n}`, n);
        },
      });
      senders.push(sender);
      return sender;
    },
    deleted: () => until(() => accepted().every(({ n }) => gone(n)), run.signal),
    deletions,
    fenced() {
      const held = terms();
      const strays = deletions().filter(({ id, user }) => held.findLast(({ from }) => from < id)?.by !== user);
      run.say(`the Lease changed hands ${changes(held)} times; ${deletions().length} deletions`);
      run.expect('nobody deleted anything by a Lease that was somebody else’s', strays.length === 0);
    },
    async settle() {
      for (const replica of all) await replica.stop();
      const uids = deletions().map(({ body }) => uidIn(body));
      const killed = all.some(({ kills }) => kills > 0);
      const result = await account({ sent: marked(sent()), lines: lines(), hasEffect: ({ n }) => gone(n), killed });
      sayAccount(run, result);
      run.expect('every deletion names the uid of its pod', !uids.includes(undefined));
      run.expect('no pod was deleted twice', new Set(uids).size === uids.length);
      run.expect(
        'every accepted alert had its effect',
        accepted().every(({ n }) => gone(n)),
      );
      return result;
    },
  };
}

/** Of an alert that was sent to several, any may be the one that repeats. */
function marked(sent: readonly Sent[]): readonly Sent[] {
  const same = Map.groupBy(sent, ({ n }) => n);
  return sent.map((one) => {
    const [first = one, ...others] = same.get(one.n) ?? [];
    return others.length === 0 ? one : { ...one, copyOf: first.traceId };
  });
}

function changes(terms: readonly { readonly by: string }[]): number {
  return terms.filter(({ by }, n) => by !== '' && by !== terms.slice(0, n).findLast((one) => one.by !== '')?.by).length;
}

function holderIn(body: unknown): unknown {
  return (body as { spec?: { holderIdentity?: unknown } } | undefined)?.spec?.holderIdentity;
}

function uidIn(body: unknown): string | undefined {
  return (body as { preconditions?: { uid?: string } } | undefined)?.preconditions?.uid;
}
