/** Messages this replica acts on, or has finished: nobody else's copy of one of them is taken or acted on. */
export interface OwnMessages {
  has(id: string): boolean;
  /** False when another copy of it is acted on already. */
  begin(id: string, hops: number): boolean;
  /** It was handed over: it may come back. */
  release(id: string): void;
  /**
   * Whether another alert with this key was accepted, by any replica, less than `window` milliseconds before or after: what each
   * of them can only tell of its own.
   */
  isRepeated(alert: { readonly key: string; readonly id: string; readonly at: number }, window: number): boolean;
}

const MOST = 100_000;

export function createOwnMessages(): OwnMessages {
  const begun = new Map<string, number>();
  const alerts = new Map<string, { readonly id: string; readonly at: number }>();
  return {
    has: (id) => begun.has(id),
    begin(id, hops) {
      const other = begun.get(id);
      if (other !== undefined && other !== hops) return false;
      keep(begun, id, hops);
      return true;
    },
    release: (id) => void begun.delete(id),
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
