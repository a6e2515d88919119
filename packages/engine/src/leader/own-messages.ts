/** Messages this replica acts on, or has finished: nobody else's copy of one of them is taken or acted on. */
export interface OwnMessages {
  has(id: string): boolean;
  /** False when another copy of it is acted on already. */
  begin(id: string, hops: number): boolean;
  /** It was handed over: it may come back. */
  release(id: string): void;
  /**
   * Another replica was told that its copy, which went from one to another so often, can go because there is one here. From then
   * on this one is the last: what became of it anywhere before does not count.
   */
  promise(id: string, hops: number): void;
  /** The hops of the copy that was given up for this one; 0 when none was. */
  promised(id: string): number;
  /**
   * Whether another alert with this key was accepted, by any replica, less than `window` milliseconds before or after: what each
   * of them can only tell of its own.
   */
  isRepeated(alert: { readonly key: string; readonly id: string; readonly at: number }, window: number): boolean;
}

const MOST = 100_000;

export function createOwnMessages(): OwnMessages {
  const begun = new Map<string, number>();
  const promises = new Map<string, number>();
  const alerts = new Map<string, { readonly id: string; readonly at: number }>();
  return {
    has: (id) => begun.has(id),
    begin(id, hops) {
      const other = begun.get(id);
      if (other !== undefined && other !== hops) return false;
      keep(begun, id, hops);
      return true;
    },
    release(id) {
      begun.delete(id);
      promises.delete(id);
    },
    promise: (id, hops) => keep(promises, id, Math.max(hops, promises.get(id) ?? 0)),
    promised: (id) => promises.get(id) ?? 0,
    isRepeated({ key, id, at }, window) {
      const first = alerts.get(key);
      if (first && first.id !== id && Math.abs(at - first.at) < window) return true;
      keep(alerts, key, { id, at });
      return false;
    },
  };
}

function keep<T>(into: Map<string, T>, key: string, value: T): void {
  into.delete(key);
  into.set(key, value);
  if (into.size > MOST) into.delete(into.keys().next().value!);
}
