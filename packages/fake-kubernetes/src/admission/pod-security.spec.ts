import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FakeKubernetes } from '../fake-kubernetes.ts';
import type { JsonObject } from '../json.ts';
import { textAt } from '../json.ts';
import type { Client } from '../replay/client.ts';
import { client } from '../replay/client.ts';
import { startFakeKubernetes } from '../start-fake-kubernetes.ts';
import { pod } from '../workloads/pod.ts';
import { namespace } from '../workloads/workloads.ts';

const FINE = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};
const enforce = (level: string, more: Record<string, string> = {}): Record<string, string> => ({
  'pod-security.kubernetes.io/enforce': level,
  ...more,
});
let fake: FakeKubernetes;
let api: Client;
beforeAll(async () => {
  fake = await startFakeKubernetes({
    objects: [
      namespace('open'),
      namespace('restricted', enforce('restricted')),
      namespace('baseline', enforce('baseline', { 'pod-security.kubernetes.io/enforce-version': 'v1.36' })),
      namespace('typo', enforce('strict')),
      namespace('warned', { 'pod-security.kubernetes.io/warn': 'baseline' }),
      pod({ name: 'old', namespace: 'baseline', node: '' }),
    ],
  });
  api = client(fake);
});
afterAll(async () => {
  api.close();
  await fake.close();
});

let count = 0;
async function create(where: string, spec: JsonObject): Promise<readonly [number, string, string | undefined]> {
  const name = `p${count++}`;
  const { status, body, headers } = await api.call('POST', `/api/v1/namespaces/${where}/pods`, {
    body: { metadata: { name }, spec },
  });
  return [status, textAt(body, 'message').replace(`"${name}"`, '"p"'), headers['warning'] as string | undefined];
}
const main = (securityContext?: JsonObject, name = 'main'): JsonObject => ({
  name,
  image: 'box:1',
  ...(securityContext === undefined ? {} : { securityContext }),
});

describe('Pod Security', () => {
  it('lets in what keeps to the level, and everything where no level is set', async () => {
    expect(await create('restricted', { containers: [main(FINE)] })).toEqual([201, '', undefined]);
    expect(await create('baseline', { containers: [main()] })).toEqual([201, '', undefined]);
    expect(await create('open', { hostPID: true, containers: [main({ privileged: true })] })).toEqual([
      201,
      '',
      undefined,
    ]);
  });

  it('refuses in the words of the server: each container, each reason, the baseline first', async () => {
    expect(await create('restricted', { hostNetwork: true, containers: [main(), main(undefined, 'b')] })).toEqual([
      403,
      'pods "p" is forbidden: violates PodSecurity "restricted:latest": host namespaces (hostNetwork=true), allowPrivilegeEscalation != false (containers "main", "b" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (containers "main", "b" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or containers "main", "b" must set securityContext.runAsNonRoot=true), seccompProfile (pod or containers "main", "b" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
      undefined,
    ]);
  });

  it.each<readonly [string, JsonObject, string]>([
    [
      'baseline',
      { containers: [main({ capabilities: { add: ['NET_RAW', 'NET_ADMIN'] } })] },
      'non-default capabilities (container "main" must not include "NET_ADMIN", "NET_RAW" in securityContext.capabilities.add)',
    ],
    [
      'baseline',
      { containers: [main({ appArmorProfile: { type: 'Unconfined' } })] },
      'forbidden AppArmor profile (container "main" must not set AppArmor profile type to "Unconfined")',
    ],
    ['baseline', { hostPID: true, containers: [main()] }, 'host namespaces (hostPID=true)'],
    [
      'baseline',
      { volumes: [{ name: 'proc', hostPath: { path: '/proc' } }], containers: [main({ privileged: true })] },
      'hostPath volumes (volume "proc"), privileged (container "main" must not set securityContext.privileged=true)',
    ],
    [
      'baseline',
      { containers: [{ ...main(), ports: [{ containerPort: 80, hostPort: 80 }] }] },
      'hostPort (container "main" uses hostPort 80)',
    ],
    [
      'baseline',
      { containers: [main({ seccompProfile: { type: 'Unconfined' } })] },
      'seccompProfile (container "main" must not set securityContext.seccompProfile.type to "Unconfined")',
    ],
    [
      'restricted',
      { containers: [main({ ...FINE, runAsUser: 0, capabilities: { drop: ['ALL'], add: ['NET_RAW'] } })] },
      'unrestricted capabilities (container "main" must not include "NET_RAW" in securityContext.capabilities.add), runAsUser=0 (container "main" must not set runAsUser=0)',
    ],
    [
      'restricted',
      {
        volumes: [{ name: 'proc', hostPath: { path: '/proc' } }],
        containers: [main({ ...FINE, runAsNonRoot: false })],
      },
      'restricted volume types (volume "proc" uses restricted volume type "hostPath"), runAsNonRoot != true (container "main" must not set securityContext.runAsNonRoot=false)',
    ],
  ])('%s refuses %j', async (level, spec, found) => {
    const shown = level === 'baseline' ? 'baseline:v1.36' : 'restricted:latest';
    const message = `pods "p" is forbidden: violates PodSecurity "${shown}": ${found}`;
    expect(await create(level, spec)).toEqual([403, message, undefined]);
  });

  it('takes a level nobody knows for the strictest, and warns where it is told to', async () => {
    expect((await create('typo', { containers: [main()] }))[0]).toBe(403);
    const [status, , warning] = await create('warned', { hostIPC: true, containers: [main()] });
    expect([status, warning]).toEqual([
      201,
      '299 - "would violate PodSecurity \\"baseline:latest\\": host namespaces (hostIPC=true)"',
    ]);
  });

  it('looks at ephemeral containers too', async () => {
    const path = '/api/v1/namespaces/baseline/pods/old/ephemeralcontainers';
    const add = (container: JsonObject) =>
      api.call('PATCH', path, {
        type: 'application/strategic-merge-patch+json',
        body: { spec: { ephemeralContainers: [container] } },
      });
    const { status, body } = await add(main({ capabilities: { add: ['NET_RAW'] } }, 'dump'));
    expect([status, textAt(body, 'message')]).toEqual([
      403,
      'pods "old" is forbidden: violates PodSecurity "baseline:v1.36": non-default capabilities (container "dump" must not include "NET_RAW" in securityContext.capabilities.add)',
    ]);
    expect((await add(main(undefined, 'dump'))).status).toBe(200);
  });
});
