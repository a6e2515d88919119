import { containerId, pod } from '@falco-talon/fake-kubernetes';
import { account, sayAccount, startCluster, startSender, startTalon, type LogLine } from '../harness/index.ts';
import type { FaultRun, Scenario } from '../scenario.ts';

const RULES = `
- rule: Terminate
  match: { rules: [Shell] }
  actions: [{ action: terminate, actionner: kubernetes:terminate }]
- rule: Exec
  match: { rules: [Somebody asked] }
  actions: [{ action: exec, actionner: kubernetes:exec, parameters: { command: kill 1 } }]
`;
const READS = ['get', 'list', 'watch', ''];
const GENUINE = 'genuine';
const hour = 3_600_000;
const ago = (milliseconds: number) => new Date(Date.now() - milliseconds).toISOString();

interface Forgery {
  readonly what: string;
  /** The rule of Falco. */
  readonly rule?: string;
  readonly hostname?: string;
  readonly time?: () => string;
  readonly source?: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  /** The field that names the pod. */
  readonly naming?: string;
  /** In what the log says of the action. */
  readonly reason: RegExp;
}

const NO_CONTAINER = /carries neither container\.id nor k8s\.pod\.uid/;
const NODE_2 = /comes from "node-2", pod shop\/victim-\d+ runs on node-1/;

/** Each names a pod that is there and healthy; one thing is not as Falco would have said it. */
const FORGERIES: readonly Forgery[] = [
  { what: 'of another node', hostname: 'node-2', reason: NODE_2 },
  { what: 'without a node', hostname: '', reason: /has no hostname/ },
  { what: 'of another container', fields: { 'container.id': 'f'.repeat(12) }, reason: /names container f{12}/ },
  { what: 'of the host', fields: { 'container.id': 'host' }, reason: /ran on the host/ },
  { what: 'without a container', fields: { 'container.id': null }, reason: NO_CONTAINER },
  {
    what: 'without a container, of another source',
    source: 'aws_cloudtrail',
    fields: { 'container.id': '<NA>' },
    reason: NO_CONTAINER,
  },
  { what: 'that is old', time: () => ago(hour), reason: /was 60 minutes old/ },
  { what: 'of the future', time: () => ago(-hour), reason: /after its receipt/ },
  {
    what: 'with the uid of another pod',
    fields: { 'k8s.pod.uid': 'a1b2c3d4-0000-4000-8000-000000000009' },
    reason: /was re-created under the same name/,
  },
  { what: 'of another node, of another source', hostname: 'node-2', source: 'k8s_audit', reason: NODE_2 },
  {
    what: 'that names its pod as the audit log does',
    // Terminating takes no such alert at all.
    rule: 'Somebody asked',
    naming: 'ka.target.pod.name',
    reason: /as the audit log does, but its source is/,
  },
  { what: 'that names two pods', fields: { 'ka.target.pod.name': 'other' }, reason: /names two pods/ },
];

function alertAbout(
  name: string,
  {
    rule = 'Shell',
    hostname = 'node-1',
    time = () => ago(0),
    source,
    fields,
    naming = 'k8s.pod.name',
  }: Partial<Forgery>,
) {
  return JSON.stringify({
    rule,
    source: source ?? 'syscall',
    hostname,
    time: time(),
    output_fields: {
      'k8s.ns.name': 'shop',
      [naming]: name,
      'container.id': containerId('shop', name, 'main').replace('containerd://', '').slice(0, 12),
      ...fields,
    },
  });
}

async function run(run: FaultRun): Promise<void> {
  const rounds = run.size === 'full' ? 20 : 1;
  const count = FORGERIES.length * rounds;
  const nameOf = (n: number) => (n < count ? `victim-${n}` : GENUINE);
  const fake = await startCluster(run, {
    objects: Array.from({ length: count + 1 }, (_, n) => pod({ name: nameOf(n), namespace: 'shop' })),
  });
  const talon = await startTalon(run, { rules: RULES, kubeconfig: fake.kubeconfig() });
  const sender = startSender(run, talon.url, {
    perSecond: 100,
    count: count + 1,
    body: (n) => alertAbout(nameOf(n), n < count ? FORGERIES[n % FORGERIES.length]! : {}),
  });
  await sender.done;
  await talon.drained();
  const denied = (await talon.metrics()).value('guard_verdicts_total', { guard: 'plausibility', verdict: 'deny' });
  await talon.stop();
  const writes = fake.requests.filter(({ verb }) => !READS.includes(verb)).map(({ verb, name }) => `${verb} ${name}`);
  run.say(`${count} forged alerts of ${FORGERIES.length} kinds, one genuine: ${writes.join(', ')}`);
  run.expect(
    'every alert is accepted: who sends it is not known here',
    sender.sent.length === count + 1 && sender.sent.every(({ outcome }) => outcome === 'accepted'),
  );
  run.expect('the genuine alert is acted on, and nothing else', writes.join() === `delete ${GENUINE}`);
  const reasons = new Map<string, string>();
  for await (const line of talon.lines()) if (line.message === 'action') reasons.set(line.trace_id ?? '', told(line));
  for (const [index, { what, reason }] of FORGERIES.entries()) {
    const said = sender.sent.filter(({ n }) => n < count && n % FORGERIES.length === index);
    const other = said.map(({ traceId }) => reasons.get(traceId) ?? 'nothing').find((text) => !reason.test(text));
    run.expect(`an alert ${what} is refused for that${other === undefined ? '' : `, not: ${other}`}`, !other);
  }
  run.say(`denied by the guard, as it counts: ${denied}`);
  run.expect('each refusal is counted', denied === count);
  sayAccount(run, await account({ sent: sender.sent, lines: talon.lines() }));
}

function told({ status, error, ...line }: LogLine): string {
  return status === 'success' ? 'done' : (error ?? String(line['result']));
}

export const forgedAlert: Scenario = {
  name: 'forged-alert',
  title: 'somebody who can send alerts names healthy pods',
  run,
};
