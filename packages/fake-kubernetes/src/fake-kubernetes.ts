import type { UserInput } from './access/users.ts';
import type { ApiObject, ObjectInput } from './api-object.ts';
import type { ContainerMatch, ExecHandler } from './exec/exec-session.ts';
import type { FaultHandle, FaultInput } from './faults/faults.ts';
import type { ContainerProcess } from './simulation/containers.ts';
import type { ReceivedRequest, RequestPredicate } from './faults/journal.ts';
import type { WatchControl } from './watch/watches.ts';

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
  /** Milliseconds the simulated controllers and kubelets take for a step: a Job's pod, a container that starts. Default 2. */
  readonly startDelay?: number;
  /** Re-create pods whose owner wants them. Default false. */
  readonly replacePods?: boolean;
  /** WebSocket subprotocols exec knows; default those of a 1.36 server. Without `v5.channel.k8s.io` it is one older than 1.30. */
  readonly execProtocols?: readonly string[];
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
  /**
   * What running a command in the containers that fit does; the last one added counts. Before any is added: `realPrograms()`,
   * which runs the machine's own. The function given back takes it away again.
   */
  onExec(match: ContainerMatch, handler: ExecHandler): () => void;
  /** The folder a container's commands run in. Gone after `close()`. */
  containerFolder(namespace: string, pod: string, container: string): string;
  /** While a node does not answer, its pods neither end nor give logs. */
  setNodeAnswers(node: string, answers: boolean): void;
  /**
   * What runs in the containers the simulated kubelet starts (ephemeral ones, and those of a Job's pod) from now on. When it
   * resolves, the container has ended with that code. By default it never ends by itself.
   */
  onContainer(process: ContainerProcess): void;
  /** An image that cannot be pulled: containers made from it wait. */
  missingImage(image: string): void;
  /** Every continue token given out so far is too old from now on. */
  expireContinueTokens(): void;
  /** The watches that are open now. */
  readonly watches: WatchControl;
  /** Forgets all changes so far: a watch from an older version than the present is answered with 410. Open ones go on. */
  compact(): void;
  /** While it does not run, budgets keep their status, and a changed one refuses as "still being processed". */
  setDisruptionController(running: boolean): void;

  fault(input: FaultInput): FaultHandle;
  clearFaults(): void;
  /** Received since the start or the last `clearRequests()`, oldest first. */
  readonly requests: readonly ReceivedRequest[];
  clearRequests(): void;
  /** The first request that fits, already here or still to come. @throws Error after `timeoutMs` (default 5,000) */
  waitForRequest(predicate: RequestPredicate, timeoutMs?: number): Promise<ReceivedRequest>;
  /** Resolves when the condition holds; looked at after every change of an object. @throws Error after `timeoutMs` (default 5,000) */
  until(holds: () => boolean, timeoutMs?: number): Promise<void>;
  /** TLS connections accepted since the start or the last `clearRequests()`. */
  readonly connections: number;
  readonly openConnections: number;
  /** Ends every open connection. */
  closeConnections(): void;
  close(): Promise<void>;
}
