import { pod, startFakeKubernetes, type FakeKubernetes } from '@falco-talon/fake-kubernetes';

export const LABEL_RULE = `
- rule: Label
  match: { rules: [Terminal shell in container] }
  actions: [{ action: label, actionner: kubernetes:label, parameters: { labels: { analysis/status: suspicious } } }]
`;

/** An API server with pods `pod-0`, `pod-1`, … in the namespace `shop`. */
export function shopWith(pods: number): Promise<FakeKubernetes> {
  return startFakeKubernetes({
    objects: Array.from({ length: pods }, (_, n) => pod({ name: `pod-${n}`, namespace: 'shop' })),
    terminationDelay: 20,
  });
}

export interface Arrivals {
  /** Milliseconds (of `performance.now`) when the first request about this pod arrived since the last `clear`. */
  readonly first: ReadonlyMap<string, number>;
  clear(): void;
}

/** Notes when requests arrive, without touching them. */
export function watchArrivals(fake: FakeKubernetes): Arrivals {
  const first = new Map<string, number>();
  fake.fault({
    kind: 'latency',
    ms: 0,
    match({ name }) {
      if (!first.has(name)) first.set(name, performance.now());
      return false;
    },
  });
  return { first, clear: () => first.clear() };
}
