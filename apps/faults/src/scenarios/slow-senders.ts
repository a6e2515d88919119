import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { alertText, percentile } from '@falco-talon/testkit/server';
import { account, sayAccount, startSender, startTalon, until, type Sent, type Talon } from '../harness/index.ts';
import type { FaultRun, Scenario } from '../scenario.ts';

/** Milliseconds after which each must be closed; connections that may be open, as configured. In full those a user gets. */
const SIZES = {
  full: { connections: 1000, closed: 10_000, perSecond: 100, perSender: 1024, total: 4096, config: '' },
  short: {
    connections: 100,
    closed: 3500,
    perSecond: 50,
    perSender: 100,
    total: 250,
    config:
      'headers_timeout_seconds: 1, request_timeout_seconds: 2, max_connections: 250, max_connections_per_sender: 100, ',
  },
} as const;
/** Milliseconds. */
const HONEST_P99 = 100;
/** Connections opened in one turn. */
const AT_ONCE = 10;
/** Connections beyond the number that may be open. */
const MORE = { ofOneSender: 20, inAll: 100 };
/** Files beside connections that the process may open meanwhile. */
const SOME_FILES = 20;
const TOKEN = 'a-token-of-enough-characters';
const AUTHORIZATION = `Authorization: Bearer ${TOKEN}\r\n`;
/** Addresses of loopback: each is a sender of its own, beside the honest one. */
const addressOf = (n: number) => `127.0.0.${2 + (n % 5)}`;
const GREEDY = '127.0.0.7';

async function run(run: FaultRun): Promise<void> {
  const { connections, closed, perSecond, perSender, total, config } = SIZES[run.size];
  const talon = await startTalon(run, {
    rules: '[]\n',
    config: `deduplication: { time_window_seconds: 0 }\nwatch_rules: false\nprint_all_events: true\nintake: { ${config}auth: { tokens: [${TOKEN}] } }\n`,
  });
  const send = () =>
    startSender(run, talon.url, {
      perSecond,
      headers: { authorization: `Bearer ${TOKEN}` },
      body: (n) => alertText('a rule', `pod-${n}`, n),
    });
  const honest = send();
  await delay(300, undefined, { signal: run.signal });
  const alone = honest.sent.length;
  const full = run.size === 'full';
  /** @returns milliseconds */
  const tell = (what: string, sent: readonly Sent[]) => {
    const took = sent.map((one) => one.took);
    const [p50, p99] = [percentile(took, 0.5), percentile(took, 0.99)];
    run.say(`${took.length} honest alerts ${what}: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`);
    return p99;
  };
  // The text of the metrics is kept for a moment.
  const counted = async (name: string, reason: string) => {
    await delay(400, undefined, { signal: run.signal });
    return (await talon.metrics()).value(name, { reason });
  };
  const refused = (reason: string) => counted('connections_refused_total', reason);

  const slow: Drip[] = [];
  for (let n = 0; n < connections; n++) {
    slow.push(drip(run, talon, addressOf(n), n % 2 === 0 ? 'headers' : 'body'));
    // All at once they would keep this process from sending honest ones, which would look like the server's delay.
    if (n % AT_ONCE === 0) await delay(10, undefined, { signal: run.signal });
  }
  if (full) {
    await Promise.all(slow.map(({ ended }) => ended));
    const p99 = tell('beside them', honest.sent.slice(alone));
    // A stopwatch of the machine as much as of the program: only a run that has the machine for itself can be held to it.
    run.expect(`the p99 of honest alerts stays under ${HONEST_P99} ms`, p99 < HONEST_P99);
  }
  const taken = Array.from({ length: perSender }, () => drip(run, talon, GREEDY, 'body'));
  await Promise.all(taken.map(({ known }) => known));
  const surplus = Array.from({ length: MORE.ofOneSender }, () => drip(run, talon, GREEDY, 'body'));
  await Promise.all(surplus.map(({ ended }) => ended));
  const ofSender = await refused('sender');
  run.say(`of ${perSender + MORE.ofOneSender} connections of one known sender ${ofSender} were refused`);
  run.expect(`one sender has ${perSender} places and no more`, ofSender === MORE.ofOneSender);
  run.expect(
    'it keeps those it had',
    taken.every(({ socket }) => !socket.destroyed),
  );
  const times = await Promise.all([...slow, ...taken].map(({ ended }) => ended));
  const [shortest, longest] = [Math.min(...times), Math.max(...times)];
  run.say(`${times.length} slow connections were closed after ${shortest.toFixed(0)} to ${longest.toFixed(0)} ms`);
  run.expect(`every slow connection is closed within ${closed} ms`, longest <= closed);
  run.expect('each of them is counted', (await counted('requests_refused_total', 'too_slow')) === times.length);

  const others = honest.sent.length;
  const files = watchFiles(talon.pid);
  const crowd = Array.from({ length: total + MORE.inAll }, (_, n) => drip(run, talon, addressOf(n), 'headers'));
  const soon = AbortSignal.any([run.signal, AbortSignal.timeout(closed)]);
  await until(async () => (await refused('displaced')) >= MORE.inAll, soon);
  const newcomer = send();
  await Promise.all(crowd.map(({ ended }) => ended));
  await Promise.all([honest.stop(), newcomer.stop()]);
  const most = files();
  run.say(`of ${crowd.length} unknown connections ${await refused('displaced')} made room; ${most} files open at most`);
  run.expect(`no more than ${total} connections are open`, most <= total + SOME_FILES);
  tell('beside a crowd', [...honest.sent.slice(others), ...newcomer.sent]);
  const sent = [...honest.sent, ...newcomer.sent];
  run.expect(
    'every honest alert is accepted, that of a newcomer too',
    newcomer.sent.length > 0 && sent.every(({ outcome }) => outcome === 'accepted'),
  );
  await talon.drained();
  await talon.stop();
  sayAccount(run, await account({ sent, lines: talon.lines(), steps: 0 }));
}

interface Drip {
  readonly socket: Socket;
  /** Resolves when the server has shown that it knows who this is. */
  readonly known: Promise<void>;
  /** Milliseconds until the server closed it. */
  readonly ended: Promise<number>;
}

/** A byte a second: of headers that show nothing, or of a body behind credentials. */
function drip(run: FaultRun, { port }: Talon, localAddress: string, where: 'headers' | 'body'): Drip {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  const known = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<number>();
  let from = performance.now();
  let timer: NodeJS.Timeout | undefined;
  socket.on('error', () => {});
  socket.once('connect', () => {
    from = performance.now();
    socket.write(
      `POST / HTTP/1.1\r\nHost: a\r\n${where === 'headers' ? 'X: ' : `${AUTHORIZATION}Expect: 100-continue\r\nContent-Length: 1000000\r\n\r\n`}`,
    );
    timer = setInterval(() => socket.write('x'), 1000);
  });
  socket.once('data', () => known.resolve());
  socket.once('close', () => {
    clearInterval(timer);
    known.resolve();
    ended.resolve(performance.now() - from);
  });
  run.cleanUp(() => socket.destroy());
  return { socket, known: known.promise, ended: ended.promise };
}

/** The most files a process has open until the function given back is called, beyond those it has now. Linux only. */
function watchFiles(pid: number): () => number {
  const open = () => readdirSync(`/proc/${pid}/fd`).length;
  const before = open();
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, open())), 50);
  return () => {
    clearInterval(timer);
    return most - before;
  };
}

export const slowSenders: Scenario = {
  name: 'slow-senders',
  title:
    'connections that send a byte a second, in their headers or in their bodies; then more of them than may be open',
  missing: () => (process.platform === 'linux' ? undefined : 'loopback has one address here, and no /proc'),
  run,
};
