import { namespace, node, pod } from '@falco-talon/fake-kubernetes';
import { account, sayAccount, startCluster, startSender, startTalon } from '../harness/index.ts';
import type { FaultRun, Scenario } from '../scenario.ts';

const OWN = 'talon';
const POD = 'falco-talon-0';
/** What could end, empty or cut off the program that does it. */
const ACTIONS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'kubernetes:terminate': {},
  'kubernetes:delete': {},
  'kubernetes:drain': {},
  'kubernetes:cordon': {},
  'kubernetes:networkpolicy': {},
  'kubernetes:exec': { command: 'kill 1' },
  'kubernetes:script': { script: 'kill 1' },
  'kubernetes:label': { labels: { a: 'b' } },
};
const names = Object.keys(ACTIONS);

const rules = JSON.stringify(
  names.map((name) => ({
    rule: name,
    match: { rules: [name] },
    actions: [{ action: 'act', actionner: name, parameters: ACTIONS[name] }],
  })),
);

function alertAbout(n: number, where: string): string {
  const rule = names[n % names.length]!;
  const audit = { 'ka.target.resource': 'pods', 'ka.target.name': POD, 'ka.target.namespace': where };
  const syscall = { 'k8s.ns.name': where, 'k8s.pod.name': POD, 'proc.pid': n };
  const isAudit = rule === 'kubernetes:delete';
  return JSON.stringify({
    rule,
    source: isAudit ? 'k8s_audit' : 'syscall',
    hostname: 'node-1',
    time: new Date().toISOString(),
    output_fields: isAudit ? audit : syscall,
  });
}

async function run(run: FaultRun): Promise<void> {
  const fake = await startCluster(run, {
    objects: [node({ name: 'node-1' }), namespace(OWN), pod({ name: POD, namespace: OWN })],
  });
  const talon = await startTalon(run, {
    rules,
    kubeconfig: fake.kubeconfig(),
    // Whoever narrows the lists does not open the program to itself.
    config: JSON.stringify({
      namespace: OWN,
      deduplication: { time_window_seconds: 0 },
      watch_rules: false,
      guard: { protected: { namespaces: [] } },
    }),
  });
  const count = names.length * (run.size === 'full' ? 100 : 5);
  const before = JSON.stringify(fake.get('pods', OWN, POD));
  const sender = startSender(run, talon.url, { perSecond: 200, count, body: (n) => alertAbout(n, OWN) });
  await sender.done;
  await talon.drained();
  const metrics = await talon.metrics();
  const denied = metrics.value('guard_verdicts_total', { guard: 'protected', verdict: 'deny' });
  await talon.stop();
  const writes = fake.requests.filter(({ method }) => method !== 'GET');
  let refused = 0;
  for await (const line of talon.lines()) {
    if (line.message === 'action' && String(line['result']).includes('never acts on itself')) refused++;
  }
  run.say(`${count} alerts about its own pod for ${names.length} actions: ${refused} refused, ${writes.length} writes`);
  run.expect('every action on itself is refused, and says so', refused === count);
  run.expect('each refusal is counted', denied === count);
  run.expect('nothing is written', writes.length === 0);
  run.expect('its pod is there as it was', JSON.stringify(fake.get('pods', OWN, POD)) === before);
  sayAccount(run, await account({ sent: sender.sent, lines: talon.lines() }));
}

export const selfAction: Scenario = {
  name: 'self-action',
  title: 'alerts name the pod of the program itself, and rules would end, empty or cut it off',
  run,
};
