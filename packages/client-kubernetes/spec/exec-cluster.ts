import {
  pod,
  serviceAccount,
  startFakeKubernetes,
  type FakeKubernetes,
  type FakeKubernetesInput,
} from '@falco-talon/fake-kubernetes';
import type { ExecChunk, ExecEnd, ExecOptions, Kubernetes } from '../src/index.ts';
import type { Limits } from '../src/limits.ts';
import { QUICK, type Opened } from './loopback-api.ts';

export const CART = { namespace: 'shop', name: 'cart' };

/** A fake cluster with pod shop/cart, and a client of it. */
export async function execCluster(
  opened: Opened,
  input: FakeKubernetesInput & { readonly limits?: Limits } = {},
): Promise<{ readonly fake: FakeKubernetes; readonly client: Kubernetes }> {
  const fake = await startFakeKubernetes({
    objects: [
      pod({ ...CART, containers: ['main', 'proxy'] }),
      pod({ namespace: 'shop', name: 'done', phase: 'Succeeded' }),
    ],
    users: [serviceAccount('talon', 'engine')],
    ...input,
  });
  opened.atEnd(() => fake.close());
  const config = await opened.file('kubeconfig', fake.kubeconfig());
  return { fake, client: await opened.client(config, { limits: input.limits ?? QUICK }) };
}

export interface Said {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** Reads a command to its end. */
export async function said(command: AsyncGenerator<ExecChunk, ExecEnd, void>): Promise<Said> {
  const chunks: Record<ExecChunk['stream'], Uint8Array[]> = { stdout: [], stderr: [] };
  for (;;) {
    const next = await command.next();
    if (next.done) {
      const text = (list: Uint8Array[]): string => Buffer.concat(list).toString();
      return { stdout: text(chunks.stdout), stderr: text(chunks.stderr), exitCode: next.value.exitCode };
    }
    chunks[next.value.stream].push(next.value.bytes);
  }
}

/** Options for a shell line in the container `main`. */
export function shell(opened: Opened, line: string, more: Partial<ExecOptions> = {}): ExecOptions {
  return { container: 'main', command: ['sh', '-c', line], signal: opened.signal, ...more };
}
