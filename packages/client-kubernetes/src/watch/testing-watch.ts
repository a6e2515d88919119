import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { pod, serviceAccount, startFakeKubernetes, type FakeKubernetes } from '@falco-talon/fake-kubernetes';
import { QUICK, scope } from '../../spec/loopback-api.ts';
import { createKubernetes } from '../client.ts';
import { kubernetes, PODS, type Kubernetes, type KubernetesObject, type WatchEvent } from '../index.ts';
import type { Limits } from '../limits.ts';
import type { WatchOptions } from '../kubernetes.ts';

export type Events = AsyncGenerator<WatchEvent<KubernetesObject>, never, void>;

/** The pods a and b of the namespace `shop`, and a client that watches them; another cluster for each test. */
export class WatchedShop {
  api!: FakeKubernetes;
  client!: Kubernetes;
  stop!: AbortController;
  #directory!: string;

  constructor() {
    beforeEach(() => this.#open());
    afterEach(() => this.#close());
  }

  get kubeconfig(): string {
    return join(this.#directory, 'kubeconfig');
  }

  async #open(): Promise<void> {
    this.#directory = await mkdtemp(join(tmpdir(), 'watch-'));
    this.api = await startFakeKubernetes({
      objects: [pod({ name: 'a', namespace: 'shop' }), pod({ name: 'b', namespace: 'shop' })],
      users: [serviceAccount('shop', 'blind', [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }])],
    });
    this.stop = new AbortController();
    this.client = await this.#connect({});
  }

  async #close(): Promise<void> {
    this.stop.abort();
    await kubernetes.close?.(this.client);
    await this.api.close();
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** Goes on with another client. */
  async reconnect(limits: Partial<Limits>, user?: string): Promise<void> {
    await kubernetes.close?.(this.client);
    this.client = await this.#connect(limits, user);
  }

  async #connect(limits: Partial<Limits>, user?: string): Promise<Kubernetes> {
    await this.api.writeKubeconfig(this.kubeconfig, user === undefined ? {} : { user });
    return createKubernetes(
      {
        ...scope(new AbortController().signal),
        settings: { kubeconfig: this.kubeconfig, namespace: '' },
        environment: { variables: {}, homeDirectory: this.#directory },
      },
      { ...QUICK, ...limits },
      join(this.#directory, 'none'),
    );
  }

  watchPods(options: Partial<WatchOptions> = {}): Events {
    return this.client.watch(PODS, { namespace: 'shop', signal: this.stop.signal, ...options });
  }

  label(name: string, value: string): void {
    this.api.change('pods', 'shop', name, (object) => (object.metadata.labels = { x: value }));
  }

  add(name: string): void {
    this.api.create(pod({ name, namespace: 'shop' }));
  }

  /** Resolves when a watch of this number, counted from 1, has been asked for. */
  async asked(nth: number): Promise<void> {
    const { api } = this;
    await api.waitForRequest(() => api.requests.filter(({ verb }) => verb === 'watch').length >= nth);
  }
}

/** The next events, as `type name`. */
export async function next(events: Events, count: number): Promise<readonly string[]> {
  const found: string[] = [];
  while (found.length < count) {
    const { value } = await events.next();
    found.push(`${value.type} ${value.object.metadata.name}`);
  }
  return found;
}
