/** Every bound of this client. Times in milliseconds. */
export interface Limits {
  /** One attempt: waiting for a connection, sending, and the whole answer. */
  readonly attemptTime: number;
  /** A call with all its attempts; no new attempt is started after it. */
  readonly callTime: number;
  readonly attempts: number;
  /** A longer Retry-After is not waited for here: the error carries it, and waiting then holds nothing. */
  readonly longestRetryAfter: number;
  readonly firstBackoff: number;
  readonly longestBackoff: number;
  /** Bytes of one buffered answer. */
  readonly answerBytes: number;
  /** Objects of one list, over all pages. */
  readonly listObjects: number;
  /** Bytes of one list, over all pages. */
  readonly listBytes: number;
  /** Silence of a stream that is being read. */
  readonly streamSilence: number;
  /** The API server ends a watch after it; the next one goes on. Whole seconds. */
  readonly watchTime: number;
  /** More than `watchTime`: a watch that is silent for so long has lost its server. */
  readonly watchSilence: number;
  /** How long a watch that fails is tried again, from its last success. */
  readonly watchPatience: number;
  readonly longestWatchBackoff: number;
  /** Bytes of one watched object. */
  readonly watchLine: number;
  readonly connectTime: number;
  /** Idle time of a connection; the API server closes its side after 90 s. */
  readonly keepAlive: number;
  readonly connections: number;
  /** Connections including those held by slow calls. */
  readonly mostConnections: number;
  /** Connections held by streams and watches, of those. The rest stays free for calls. */
  readonly mostLasting: number;
  /** Calls waiting for a connection. */
  readonly waiting: number;
  /** How often the files of the credentials are looked at, at most. */
  readonly credentialsAge: number;
  /** What a call waits for them to be read; then it goes with the ones in use. */
  readonly credentialsTime: number;
  /** Commands running in containers at the same time. */
  readonly execs: number;
  /** Bytes of path and query: the API server takes 1 MiB for the whole head of a request. */
  readonly execUrl: number;
  /** Bytes of one frame; the kubelet sends 8 KiB. */
  readonly frameBytes: number;
  /** Between two pings on a connection that runs a command. */
  readonly pingInterval: number;
  /** So many without any sign of life, and the other side is gone. */
  readonly unansweredPings: number;
  readonly readyTime: number;
  /** How long what the cluster serves is taken as known. */
  readonly discoveryAge: number;
  /** How old that must be to be looked up again because a kind is not in it. */
  readonly discoveryRefresh: number;
  /** Kinds, over all groups and versions. */
  readonly discoveredResources: number;
}

export const DEFAULT_LIMITS: Limits = {
  attemptTime: 10_000,
  callTime: 25_000,
  attempts: 4,
  longestRetryAfter: 5_000,
  firstBackoff: 100,
  longestBackoff: 2_000,
  answerBytes: 64 * 1024 * 1024,
  listObjects: 50_000,
  listBytes: 512 * 1024 * 1024,
  streamSilence: 30_000,
  watchTime: 25_000,
  watchSilence: 35_000,
  watchPatience: 120_000,
  longestWatchBackoff: 5_000,
  watchLine: 16 * 1024 * 1024,
  connectTime: 5_000,
  keepAlive: 60_000,
  connections: 4,
  mostConnections: 32,
  mostLasting: 24,
  waiting: 10_000,
  credentialsAge: 10_000,
  credentialsTime: 1_000,
  execs: 64,
  execUrl: 768 * 1024,
  frameBytes: 1024 * 1024,
  pingInterval: 10_000,
  unansweredPings: 3,
  readyTime: 3_000,
  discoveryAge: 600_000,
  discoveryRefresh: 10_000,
  discoveredResources: 20_000,
};
