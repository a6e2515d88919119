import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApiObject, ObjectInput } from './api-object.ts';
import { copyObject, timestamp } from './api-object.ts';
import { kubeconfig } from './access/kubeconfig.ts';
import type { UserInput } from './access/users.ts';
import { ADMIN, createUsers, namespaceOfAccount } from './access/users.ts';
import { createAuthority } from './certificates/certificates.ts';
import type { FaultHandle, FaultInput } from './faults/faults.ts';
import { createFaults } from './faults/faults.ts';
import type { ReceivedRequest, RequestPredicate } from './faults/journal.ts';
import { createJournal } from './faults/journal.ts';
import { createPages } from './operations/pages.ts';
import { NAMESPACES } from './resources/core.ts';
import { setDefaults } from './resources/defaults.ts';
import { resourceOf, resourceOfKind } from './resources/registry.ts';
import { createHandler } from './server/handle.ts';
import { listen } from './server/listen.ts';
import type { Listener } from './server/listen.ts';
import type { Cluster } from './server/request.ts';
import { startKubelet } from './simulation/kubelet.ts';
import { createPodLogs } from './simulation/pod-logs.ts';
import { startReplacements } from './simulation/replacements.ts';
import { createStore } from './storage/store.ts';
import { namespace as namespaceObject } from './workloads/workloads.ts';

export interface FakeKubernetesInput {
  /** Default: a free one. */
  readonly port?: number;
  /** What exists at the start. Missing namespaces are created. */
  readonly objects?: readonly ObjectInput[];
  /** Beside the administrator `kubernetes-admin`, who may do everything. */
  readonly users?: readonly UserInput[];
  /** Milliseconds since the epoch; default the machine's clock. */
  readonly now?: () => number;
  /** Milliseconds a deleted pod takes at most to be gone; default its grace. `Infinity`: deleted pods stay. */
  readonly terminationDelay?: number;
  /** Re-create pods whose owner wants them. Default false. */
  readonly replacePods?: boolean;
  /** Requests kept in the journal; default 20,000. */
  readonly journalLimit?: number;
}

export interface KubeconfigOptions {
  /** Default `kubernetes-admin`. */
  readonly user?: string;
  /** Default `token`. */
  readonly auth?: 'token' | 'certificate';
  readonly namespace?: string;
}

export interface FakeKubernetes {
  /** `https://127.0.0.1:<port>` */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** The certificate authority, PEM. */
  readonly ca: string;
  kubeconfig(options?: KubeconfigOptions): string;
  writeKubeconfig(path: string, options?: KubeconfigOptions): Promise<void>;
  /** Writes `token`, `ca.crt` and `namespace` as a pod finds them; again after a rotation. */
  serviceAccountDirectory(path: string, user: string): Promise<void>;
  tokenOf(user?: string): string;
  addUser(user: UserInput): void;
  /** Gives the user a new token; the old one gets 401 from now on. */
  rotateToken(user?: string): string;
  /** A new authority: new connections show and accept only its certificates. */
  rotateCertificates(): void;

  /** Stores objects as they are, past admission: uid, status and timestamps given are kept. */
  create(...objects: readonly ObjectInput[]): readonly ApiObject[];
  get(plural: string, namespace: string, name: string): ApiObject | undefined;
  /** All objects of a plural, of one namespace when given. */
  objects(plural: string, namespace?: string): readonly ApiObject[];
  /** Changes an object behind the API's back: status, owners, labels. @throws Error when it does not exist */
  change(plural: string, namespace: string, name: string, edit: (object: ApiObject) => void): ApiObject;
  /** Takes an object away without any grace. */
  remove(plural: string, namespace: string, name: string): void;
  setPodLog(
    namespace: string,
    pod: string,
    container: string,
    content: string | Uint8Array,
    options?: { readonly previous?: boolean },
  ): void;
  appendPodLog(namespace: string, pod: string, container: string, content: string | Uint8Array): void;
  /** While a node does not answer, its pods neither end nor give logs. */
  setNodeAnswers(node: string, answers: boolean): void;
  /** Every continue token given out so far is too old from now on. */
  expireContinueTokens(): void;

  fault(input: FaultInput): FaultHandle;
  clearFaults(): void;
  /** Received since the start or the last `clearRequests()`, oldest first. */
  readonly requests: readonly ReceivedRequest[];
  clearRequests(): void;
  /** The first request that fits, already here or still to come. @throws Error after `timeoutMs` (default 5,000) */
  waitForRequest(predicate: RequestPredicate, timeoutMs?: number): Promise<ReceivedRequest>;
  /** TLS connections accepted since the start or the last `clearRequests()`. */
  readonly connections: number;
  readonly openConnections: number;
  /** Ends every open connection. */
  closeConnections(): void;
  close(): Promise<void>;
}

function store(cluster: Cluster, input: ObjectInput): ApiObject {
  const resource = resourceOfKind(input.apiVersion, input.kind);
  if (resource === undefined) throw new Error(`fake-kubernetes serves no ${input.kind} of ${input.apiVersion}`);
  const { name = '', namespace = 'default' } = input.metadata;
  if (name === '') throw new Error(`an object of kind ${input.kind} needs metadata.name`);
  if (resource.namespaced && cluster.store.get(NAMESPACES, '', namespace) === undefined) {
    store(cluster, namespaceObject(namespace));
  }
  const object = {
    ...copyObject(input),
    metadata: {
      creationTimestamp: timestamp(cluster.now()),
      ...(resource.hasGeneration ? { generation: 1 } : {}),
      uid: cluster.store.newUid(),
      ...copyObject(input.metadata),
      name,
      ...(resource.namespaced ? { namespace } : {}),
      resourceVersion: '',
    },
  } as ApiObject;
  setDefaults(object);
  return cluster.store.put(resource, object);
}

/** Starts the server. It prints nothing, listens on 127.0.0.1 only and needs `close()`. */
export async function startFakeKubernetes(input: FakeKubernetesInput = {}): Promise<FakeKubernetes> {
  const users = createUsers();
  for (const user of [ADMIN, ...(input.users ?? [])]) users.add(user);
  const logs = createPodLogs();
  const silentNodes = new Set<string>();
  const cluster: Cluster = {
    store: createStore(),
    now: input.now ?? Date.now,
    logs,
    nodeAnswers: (node) => !silentNodes.has(node),
  };
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease'])
    store(cluster, namespaceObject(name));
  for (const object of input.objects ?? []) store(cluster, object);
  const kubelet = startKubelet(cluster, input.terminationDelay);
  if (input.replacePods === true) startReplacements(cluster);

  let authority = createAuthority();
  const faults = createFaults();
  const journal = createJournal(input.journalLimit ?? 20_000);
  const pages = createPages();
  const find = (plural: string, namespace: string, name: string): ApiObject | undefined => {
    const resource = resourceOf(plural);
    return cluster.store.get(resource, resource.namespaced ? namespace : '', name);
  };
  const remove = (plural: string, namespace: string, name: string): void => {
    const object = find(plural, namespace, name);
    if (object !== undefined) cluster.store.remove(resourceOf(plural), object);
  };
  let listener: Listener | undefined;
  const handle = createHandler({
    cluster,
    pages,
    users,
    faults,
    journal,
    address: () => `127.0.0.1:${listener?.port ?? 0}`,
    connectionOf: (request) => listener?.connectionOf(request) ?? 0,
    reset: (request) => listener?.reset(request),
    vanish: ({ resource, namespace, name }) => remove(resource, namespace, name),
  });
  const server = await listen({
    port: input.port ?? 0,
    server: authority.issueServer(),
    ca: authority.certificate,
    handle,
  });
  listener = server;
  let connectionsBefore = 0;
  const url = `https://127.0.0.1:${server.port}`;

  const fake: FakeKubernetes = {
    url,
    host: '127.0.0.1',
    port: server.port,
    get ca() {
      return authority.certificate;
    },
    kubeconfig(options = {}) {
      const { user = ADMIN.name, auth = 'token', namespace } = options;
      const token = users.tokenOf(user);
      const credentials =
        auth === 'token'
          ? { token }
          : authority.issueClient(
              user,
              (users.byName(user)?.groups ?? []).filter((group) => group !== 'system:authenticated'),
            );
      return kubeconfig({
        server: url,
        ca: authority.certificate,
        user,
        credentials,
        ...(namespace === undefined ? {} : { namespace }),
      });
    },
    writeKubeconfig: (path, options) => writeFile(path, fake.kubeconfig(options), { mode: 0o600 }),
    async serviceAccountDirectory(path, user) {
      await mkdir(path, { recursive: true });
      await writeFile(join(path, 'token'), users.tokenOf(user));
      await writeFile(join(path, 'ca.crt'), authority.certificate);
      await writeFile(join(path, 'namespace'), namespaceOfAccount(user) ?? 'default');
    },
    tokenOf: (user = ADMIN.name) => users.tokenOf(user),
    addUser: (user) => void users.add(user),
    rotateToken: (user = ADMIN.name) => users.rotateToken(user),
    rotateCertificates() {
      authority = createAuthority();
      server.useCertificates(authority.issueServer(), authority.certificate);
    },
    create: (...objects) => objects.map((object) => store(cluster, object)),
    get: find,
    objects: (plural, namespace = '') => cluster.store.list(resourceOf(plural), namespace),
    change(plural, namespace, name, edit) {
      const object = find(plural, namespace, name);
      if (object === undefined) throw new Error(`there is no ${plural} ${namespace}/${name} to change`);
      const copy = copyObject(object);
      edit(copy);
      return cluster.store.put(resourceOf(plural), copy);
    },
    remove,
    setPodLog: (namespace, name, container, content, options) =>
      logs.set({ namespace, name }, container, content, options?.previous),
    appendPodLog: (namespace, name, container, content) => logs.append({ namespace, name }, container, content),
    setNodeAnswers: (node, answers) => void (answers ? silentNodes.delete(node) : silentNodes.add(node)),
    expireContinueTokens: () => pages.expire(),
    fault: (fault) => faults.add(fault),
    clearFaults: () => faults.releaseAll(),
    get requests() {
      return journal.requests;
    },
    clearRequests() {
      journal.clear();
      connectionsBefore = server.accepted;
    },
    waitForRequest: (predicate, timeoutMs = 5_000) => journal.waitFor(predicate, timeoutMs),
    get connections() {
      return server.accepted - connectionsBefore;
    },
    get openConnections() {
      return server.open;
    },
    closeConnections: () => server.closeConnections(),
    async close() {
      faults.releaseAll();
      kubelet.stop();
      await server.close();
    },
  };
  return fake;
}
