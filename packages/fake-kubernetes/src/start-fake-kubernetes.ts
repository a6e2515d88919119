import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kubeconfig } from './access/kubeconfig.ts';
import { ADMIN, createUsers, namespaceOfAccount } from './access/users.ts';
import type { ApiObject } from './api-object.ts';
import { copyObject } from './api-object.ts';
import { createAuthority } from './certificates/certificates.ts';
import type { FakeKubernetes, FakeKubernetesInput } from './fake-kubernetes.ts';
import { createContainers } from './exec/containers.ts';
import { EXEC_PROTOCOLS } from './exec/protocols.ts';
import { createFaults } from './faults/faults.ts';
import { createJournal } from './faults/journal.ts';
import { createPages } from './operations/pages.ts';
import { servedPlural } from './resources/served.ts';
import { createHandler } from './server/handle.ts';
import type { Listener } from './server/listen.ts';
import { listen } from './server/listen.ts';
import type { Cluster } from './server/request.ts';
import { startDisruptionController } from './simulation/disruption.ts';
import { startContainers } from './simulation/containers.ts';
import { startJobs } from './simulation/jobs.ts';
import { startKubelet } from './simulation/kubelet.ts';
import { startDefinitions } from './simulation/definitions.ts';
import { createPodLogs } from './simulation/pod-logs.ts';
import { startReplacements } from './simulation/replacements.ts';
import { createHistory } from './storage/history.ts';
import { seed } from './storage/seed.ts';
import { createStore } from './storage/store.ts';
import { until } from './storage/until.ts';
import { createWatches } from './watch/watches.ts';
import { namespace as namespaceObject } from './workloads/workloads.ts';

/** Starts the server. It prints nothing, listens on 127.0.0.1 only and needs `close()`. */
export async function startFakeKubernetes(input: FakeKubernetesInput = {}): Promise<FakeKubernetes> {
  const users = createUsers();
  for (const user of [ADMIN, ...(input.users ?? [])]) users.add(user);
  const logs = createPodLogs();
  const containers = createContainers(input.execProtocols ?? EXEC_PROTOCOLS);
  const silentNodes = new Set<string>();
  const store = createStore();
  const history = createHistory(store);
  const watches = createWatches();
  const cluster: Cluster = {
    store,
    history,
    watches,
    now: input.now ?? Date.now,
    logs,
    containers,
    nodeAnswers: (node) => !silentNodes.has(node),
  };
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) seed(cluster, namespaceObject(name));
  for (const object of input.objects ?? []) seed(cluster, object);
  const kubelet = startKubelet(cluster, input.terminationDelay);
  const disruption = startDisruptionController(cluster);
  if (input.replacePods === true) startReplacements(cluster);
  const runtime = startContainers(cluster, input.startDelay ?? 2);
  const jobs = startJobs(cluster, input.startDelay ?? 2);
  runtime.wake();
  startDefinitions(cluster);

  let authority = createAuthority();
  const faults = createFaults();
  const journal = createJournal(input.journalLimit ?? 20_000);
  const pages = createPages();
  const find = (plural: string, namespace: string, name: string): ApiObject | undefined => {
    const resource = servedPlural(cluster.store, plural);
    return cluster.store.get(resource, resource.namespaced ? namespace : '', name);
  };
  const remove = (plural: string, namespace: string, name: string): void => {
    const object = find(plural, namespace, name);
    if (object !== undefined) cluster.store.remove(servedPlural(cluster.store, plural), object);
  };
  let listener: Listener | undefined;
  const handler = createHandler({
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
    handler,
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
    create: (...objects) => objects.map((object) => seed(cluster, object)),
    get: find,
    objects: (plural, namespace = '') => cluster.store.list(servedPlural(cluster.store, plural), namespace),
    change(plural, namespace, name, edit) {
      const object = find(plural, namespace, name);
      if (object === undefined) throw new Error(`there is no ${plural} ${namespace}/${name} to change`);
      const copy = copyObject(object);
      edit(copy);
      return cluster.store.put(servedPlural(cluster.store, plural), copy);
    },
    remove,
    setPodLog: (namespace, name, container, content, options) =>
      logs.set({ namespace, name }, container, content, options?.previous),
    appendPodLog: (namespace, name, container, content) => logs.append({ namespace, name }, container, content),
    onExec: (match, handler) => containers.add(match, handler),
    containerFolder: (namespace, name, container) => containers.folder({ namespace, pod: name, container }),
    setNodeAnswers(node, answers) {
      if (!answers) silentNodes.add(node);
      else if (silentNodes.delete(node)) {
        kubelet.wake(node);
        runtime.wake();
      }
    },
    onContainer: (process) => runtime.run(process),
    missingImage: (image) => runtime.missingImage(image),
    expireContinueTokens: () => pages.expire(),
    watches,
    compact: () => history.compact(),
    setDisruptionController: (running) => disruption.setRunning(running),
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
    until: (holds, timeoutMs = 5_000) => until(cluster.store, holds, timeoutMs),
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
      runtime.stop();
      jobs.stop();
      await server.close();
      await containers.close();
    },
  };
  return fake;
}
