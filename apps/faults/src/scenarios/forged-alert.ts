import { containerId, pod } from '@falco-talon/fake-kubernetes';
import { startCluster, startSender, startTalon } from '../harness/index.ts';
import type { FaultRun, Scenario } from '../scenario.ts';

const RULES = `
- rule: Terminate
  match: { rules: [Shell] }
  actions: [{ action: terminate, actionner: kubernetes:terminate }]
`;
const GENUINE = 'genuine';
const hour = 3_600_000;
const ago = (milliseconds: number) => new Date(Date.now() - milliseconds).toISOString();

interface Forgery {
  readonly what: string;
  readonly hostname?: string;
  readonly time?: () => string;
  readonly source?: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  /** The field that names the pod. */
  readonly naming?: string;
}

/** Each names a pod that is there and healthy; one thing is not as Falco would have said it. */
const FORGERIES: readonly Forgery[] = [
  { what: 'of another node', hostname: 'node-2' },
  { what: 'without a node', hostname: '' },
  { what: 'of another container', fields: { 'container.id': 'f'.repeat(12) } },
  { what: 'of the host', fields: { 'container.id': 'host' } },
  { what: 'without a container', fields: { 'container.id': null } },
  { what: 'without a container, of another source', source: 'aws_cloudtrail', fields: { 'container.id': '<NA>' } },
  { what: 'old', time: () => ago(hour) },
  { what: 'of the future', time: () => ago(-hour) },
  { what: 'with the uid of another pod', fields: { 'k8s.pod.uid': 'a1b2c3d4-0000-4000-8000-000000000009' } },
  { what: 'of another node, of another source', hostname: 'node-2', source: 'k8s_audit' },
  { what: 'that names its pod as the audit log does', naming: 'ka.target.pod.name' },
  { what: 'that names two pods', fields: { 'ka.target.pod.name': 'other' } },
];

function alertAbout(
  name: string,
  { hostname = 'node-1', time = () => ago(0), source, fields, naming = 'k8s.pod.name' }: Partial<Forgery>,
) {
  return JSON.stringify({
    rule: 'Shell',
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
  await startSender(run, talon.url, {
    perSecond: 100,
    count: count + 1,
    body: (n) => alertAbout(nameOf(n), n < count ? FORGERIES[n % FORGERIES.length]! : {}),
  }).done;
  await talon.drained();
  const deleted = fake.requests.filter(({ method }) => method === 'DELETE').map(({ path }) => path.split('/').at(-1));
  run.say(`${count} forged alerts of ${FORGERIES.length} kinds, one genuine: ${deleted.length} pods deleted`);
  run.expect('the genuine alert is acted on', deleted.includes(GENUINE));
  for (const [index, { what }] of FORGERIES.entries()) {
    const hit = deleted.some((name) => name !== GENUINE && Number(name?.split('-')[1]) % FORGERIES.length === index);
    run.expect(`an alert ${what} ends nothing`, !hit);
  }
}

export const forgedAlert: Scenario = {
  name: 'forged-alert',
  title: 'somebody who can send alerts names healthy pods',
  run,
};
