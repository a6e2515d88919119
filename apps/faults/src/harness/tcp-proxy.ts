import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { FaultRun } from '../scenario.ts';

/** A TCP relay on loopback, between the program and a server, that can be broken in the ways networks break. */
export interface TcpProxy {
  readonly port: number;
  /** Accepted so far. */
  readonly connections: number;
  readonly open: number;
  /** Bytes a black hole took. */
  readonly swallowed: number;
  /** Everything flows. A proxy that was cut listens again; connections that lost bytes are reset. */
  pass(): Promise<void>;
  /** Ends every connection and listens no more. */
  cut(): Promise<void>;
  /** Connections are accepted and stay open; nothing flows until `pass`, then what was held does. */
  hang(): void;
  /** As `hang`, but what is sent meanwhile is gone. */
  blackhole(): void;
  /** Each piece takes so many milliseconds, in each direction. */
  delay(milliseconds: number): void;
  /** Resets every open connection. */
  reset(): void;
  /** New connections are reset after so many bytes from the server: 0 before the first. Until `pass`. */
  resetAfter(bytes: number): void;
}

type Mode =
  | { readonly kind: 'pass' | 'hang' | 'blackhole' }
  | { readonly kind: 'delay'; readonly milliseconds: number }
  | { readonly kind: 'reset-after'; readonly bytes: number };

/** @param at where it listens; without it on a free port of 127.0.0.1 */
export async function startTcpProxy(
  run: Pick<FaultRun, 'cleanUp'>,
  server: { readonly port: number },
  at = { host: '127.0.0.1', port: 0 },
): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  /** Connections that lost bytes: going on with them would be what no network does. */
  const robbed = new Set<Socket>();
  let mode: Mode = { kind: 'pass' };
  let flowing = Promise.withResolvers<void>();
  flowing.resolve();
  let connections = 0;
  let swallowed = 0;

  const listener = createServer((near) => {
    connections++;
    const far = connect(server.port, '127.0.0.1');
    const pair = [near, far] as const;
    pairs.add(pair);
    let left = mode.kind === 'reset-after' ? mode.bytes : Infinity;
    void relay(near, far, () => true);
    void relay(far, near, (size) => (left -= size) >= 0);
    for (const [socket, other] of [pair, [far, near] as const]) {
      socket.setNoDelay(true);
      socket.on('error', () => other.resetAndDestroy());
      socket.on('close', () => {
        pairs.delete(pair);
        other.destroy();
      });
    }
  });

  async function relay(from: Socket, to: Socket, allowed: (bytes: number) => boolean): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        if (mode.kind === 'blackhole') {
          swallowed += chunk.length;
          robbed.add(from);
          robbed.add(to);
          continue;
        }
        if (mode.kind === 'delay') await delay(mode.milliseconds);
        await flowing.promise;
        if (!allowed(chunk.length)) {
          to.resetAndDestroy();
          return;
        }
        if (!to.write(chunk)) await Promise.race([once(to, 'drain'), once(to, 'close')]);
      }
      to.end();
    } catch {
      // Its other side hears of it by 'error' and 'close'.
    }
  }

  function become(next: Mode): void {
    mode = next;
    if (next.kind === 'hang') flowing = Promise.withResolvers();
    else flowing.resolve();
    for (const socket of robbed) socket.resetAndDestroy();
    robbed.clear();
  }

  function reset(): void {
    for (const pair of pairs) for (const socket of pair) socket.resetAndDestroy();
  }

  const listen = (port: number) => new Promise<void>((resolve) => listener.listen(port, at.host, resolve));
  await listen(at.port);
  const { port } = listener.address() as AddressInfo;
  run.cleanUp(() => {
    flowing.resolve();
    listener.close();
    reset();
  });
  return {
    port,
    get connections() {
      return connections;
    },
    get swallowed() {
      return swallowed;
    },
    get open() {
      return pairs.size;
    },
    async pass() {
      become({ kind: 'pass' });
      if (!listener.listening) await listen(port);
    },
    async cut() {
      const closed = once(listener, 'close');
      listener.close();
      reset();
      await closed;
    },
    hang: () => become({ kind: 'hang' }),
    blackhole: () => become({ kind: 'blackhole' }),
    delay: (milliseconds) => become({ kind: 'delay', milliseconds }),
    reset,
    resetAfter: (bytes) => become({ kind: 'reset-after', bytes }),
  };
}

/** The same credentials, for the server behind the proxy. */
export function throughProxy(kubeconfig: string, server: { readonly port: number }, proxy: TcpProxy): string {
  return kubeconfig.replaceAll(`127.0.0.1:${server.port}`, `127.0.0.1:${proxy.port}`);
}
