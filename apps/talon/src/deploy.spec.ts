import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { glob, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { buildRegistry, loadRules, readRuleFiles } from '@falco-talon/engine';
import { startFakeKubernetes, type ObjectInput } from '@falco-talon/fake-kubernetes';
import { clusterRole } from '@falco-talon/host';
import { afterAll, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { plugins } from './plugins.ts';
import { runIn } from './testing-run.ts';

const repository = join(import.meta.dirname, '../../..');
const deploy = join(repository, 'deploy');
const starter = join(repository, 'examples/starter');
const folder = await mkdtemp(join(tmpdir(), 'deploy-'));
afterAll(() => rm(folder, { recursive: true }));

const read = (file: string) => readFile(join(deploy, file), 'utf8');
async function objects(file: string) {
  const documents = parseAllDocuments(await read(file));
  if ('empty' in documents) throw new Error(`${file} is empty`);
  expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
  return documents.map((document) => document.toJS() as ObjectInput & { readonly spec: Spec });
}
/** As far as it is looked at here. */
interface Spec {
  readonly template: {
    readonly spec: {
      readonly terminationGracePeriodSeconds: number;
      readonly securityContext: object;
      readonly containers: readonly {
        readonly securityContext: object;
        readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
        readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
      }[];
      readonly volumes: readonly Readonly<Record<string, unknown>>[];
    };
  };
}
const [statefulSet] = await objects('base/stateful-set.yaml');
const pod = statefulSet!.spec.template.spec;
const [container] = pod.containers;
const registry = buildRegistry((await plugins()).map((module) => module.default));
const CONFIGS = ['base/config.yaml', 'mtls/config.yaml'];

it('the rights are those of the parts the starter rules use', async () => {
  const { files } = await readRuleFiles([starter]);
  const { ruleSet } = loadRules(files, registry);
  const used = new Set(ruleSet!.rules.flatMap(({ actions }) => actions.map(({ actionner }) => actionner)));
  const generated = clusterRole(registry, [...used].toSorted());
  await expect(generated).toMatchFileSnapshot(join(deploy, 'base/cluster-role.yaml'));
});

it('the ConfigMap of the rules has all of the starter rules', async () => {
  const { configMapGenerator } = parse(await readFile(join(repository, 'examples/kustomization.yaml'), 'utf8')) as {
    configMapGenerator: readonly { readonly files: readonly string[] }[];
  };
  const rules = (await readdir(starter)).map((file) => `starter/${file}`);
  expect(configMapGenerator[0]!.files).toEqual(rules.toSorted());
});

it.each(CONFIGS)('%s is a configuration the server starts with, once its secrets are mounted', async (file) => {
  const { code, output, errors } = await runIn(folder, ['check', '-c', join(deploy, file), '-r', starter]);
  expect(
    errors.replaceAll(/^warning: intake\.\S+: \/run\/secrets\/falco-talon\/\S+: there is no such file\n/gm, ''),
  ).toBe('');
  expect(code, output).toBe(0);
  const config = parse(await read(file)) as {
    readonly shutdown_grace_period: number;
    readonly shutdown_delay_seconds: number;
    readonly data_directory: string;
    readonly guard: { readonly budgets: readonly { readonly per: string; readonly actionners: readonly string[] }[] };
    readonly rules_files: readonly [string];
    readonly listen_port: number;
    readonly monitoring: { readonly listen_port: number };
    readonly intake: { readonly require_auth: boolean };
  };
  expect(config.intake.require_auth).toBe(true);
  const { budgets } = config.guard;
  expect(budgets.map(({ per }) => per)).toEqual(['workload', 'rule', 'cluster', 'cluster']);
  const counted = new Set(budgets.flatMap(({ actionners }) => actionners));
  const destructive = [...registry.actionners].flatMap(([name, { part }]) => (part.destructive ? [name] : []));
  expect(
    destructive.filter((name) => !counted.has(name)),
    'what no budget counts',
  ).toEqual(destructive.filter((name) => name.endsWith(':networkpolicy')));
  expect(container!.ports.map(({ containerPort }) => containerPort)).toEqual([
    config.listen_port,
    config.monitoring.listen_port,
  ]);
  const mounted = container!.volumeMounts.map(({ mountPath }) => mountPath);
  expect(mounted).toEqual([
    '/etc/falco-talon',
    config.rules_files[0],
    '/run/secrets/falco-talon',
    config.data_directory,
  ]);
  expect(pod.terminationGracePeriodSeconds).toBe(config.shutdown_grace_period);
  expect(config.shutdown_delay_seconds).toBeGreaterThan(0);
});

it('the pod is what Pod Security calls restricted', () => {
  const RESTRICTED = [
    'configMap',
    'csi',
    'downwardAPI',
    'emptyDir',
    'ephemeral',
    'persistentVolumeClaim',
    'projected',
    'secret',
  ];
  expect(
    pod.volumes.flatMap((volume) => Object.keys(volume)).filter((key) => key !== 'name' && !RESTRICTED.includes(key)),
  ).toEqual([]);
  for (const key of ['hostNetwork', 'hostPID', 'hostIPC', 'initContainers']) expect(pod).not.toHaveProperty(key);
  expect(pod.securityContext).toMatchObject({
    runAsNonRoot: true,
    runAsUser: 65532,
    seccompProfile: { type: 'RuntimeDefault' },
  });
  expect(pod.containers).toHaveLength(1);
  expect(container!.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
});

it('a file that is mounted changes with its ConfigMap or Secret', async () => {
  for await (const file of glob('**/*.yaml', { cwd: deploy })) expect(await read(file)).not.toMatch(/^\s*subPath/m);
});

it('each object is one an API server takes', async () => {
  const server = await startFakeKubernetes();
  const post = async (path: string, object: ObjectInput) => {
    const sent = request(new URL(`${path}?fieldValidation=Strict`, server.url), {
      method: 'POST',
      ca: server.ca,
      headers: { authorization: `Bearer ${server.tokenOf()}`, 'content-type': 'application/json' },
    });
    sent.end(JSON.stringify(object));
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: answer.statusCode, text: await text(answer) };
  };
  try {
    const { resources } = parse(await read('base/kustomization.yaml')) as { readonly resources: readonly string[] };
    const own = resources.filter((resource) => resource.endsWith('.yaml'));
    for (const file of [...own, 'base/secret.example.yaml'].map((name) => name.replace(/^(?!base)/, 'base/'))) {
      for (const object of await objects(file)) {
        const plural = object.kind === 'NetworkPolicy' ? 'networkpolicies' : `${object.kind.toLowerCase()}s`;
        const group = object.apiVersion.includes('/') ? 'apis' : 'api';
        const scope = /^(Cluster|Namespace$)/.test(object.kind) ? '' : 'namespaces/falco-talon/';
        const answer = await post(`/${group}/${object.apiVersion}/${scope}${plural}`, object);
        expect(answer.status, `${file}: ${answer.text}`).toBe(201);
      }
    }
  } finally {
    await server.close();
  }
});
