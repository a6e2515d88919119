/** What the containers wrote, by pod and container. */
export interface PodLogs {
  set(pod: PodName, container: string, content: string | Uint8Array, previous?: boolean): void;
  append(pod: PodName, container: string, content: string | Uint8Array): void;
  get(pod: PodName, container: string, previous: boolean): Uint8Array | undefined;
  /** Calls back with what is appended; the function given back ends that. */
  follow(pod: PodName, container: string, listener: (more: Uint8Array) => void): () => void;
}

export interface PodName {
  readonly namespace: string;
  readonly name: string;
}

type Listener = (more: Uint8Array) => void;

export function createPodLogs(): PodLogs {
  const contents = new Map<string, Uint8Array>();
  const listeners = new Map<string, Set<Listener>>();
  const key = (pod: PodName, container: string, previous = false): string =>
    [pod.namespace, pod.name, container, previous].join('/');
  return {
    set: (pod, container, content, previous = false) =>
      void contents.set(key(pod, container, previous), Buffer.from(content as Uint8Array)),
    append(pod, container, content) {
      const more = Buffer.from(content as Uint8Array);
      const id = key(pod, container);
      contents.set(id, Buffer.concat([contents.get(id) ?? Buffer.alloc(0), more]));
      for (const listener of listeners.get(id) ?? []) listener(more);
    },
    get: (pod, container, previous) => contents.get(key(pod, container, previous)),
    follow(pod, container, listener) {
      const id = key(pod, container);
      const set = listeners.get(id) ?? new Set();
      listeners.set(id, set.add(listener));
      return () => void set.delete(listener);
    },
  };
}
