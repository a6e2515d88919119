import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { alertText, percentile } from '@falco-talon/testkit/server';
import { startSender, startTalon } from '../harness/index.ts';
import type { FaultRun, Scenario } from '../scenario.ts';

const SIZES = {
  full: { connections: 1000, limit: 10_000, perSecond: 100, config: '' },
  short: {
    connections: 200,
    limit: 3500,
    perSecond: 50,
    config: 'intake: { headers_timeout_seconds: 1, request_timeout_seconds: 2 }\n',
  },
} as const;
/** Milliseconds. */
const HONEST_P99 = 100;

export const slowSenders: Scenario = {
  name: 'slow-senders',
  title: 'a thousand connections send a byte a second, half of them in their headers and half in their bodies',
  async run(run) {
    const { connections, limit, perSecond, config } = SIZES[run.size];
    const talon = await startTalon(run, {
      rules: '[]\n',
      config: `deduplication: { time_window_seconds: 0 }\nwatch_rules: false\n${config}`,
    });
    const honest = startSender(run, talon.url, { perSecond, body: (n) => alertText('a rule', `pod-${n}`, n) });
    await delay(run.size === 'full' ? 5000 : 500, undefined, { signal: run.signal });
    const undisturbed = percentile(
      honest.sent.map((one) => one.took),
      0.99,
    );
    const before = honest.sent.length;
    const times = await Promise.all(Array.from({ length: connections }, (_, n) => drip(run, talon.port, n % 2 === 0)));
    await honest.stop();

    const took = honest.sent.slice(before).map((one) => one.took);
    const p99 = percentile(took, 0.99);
    const longest = Math.max(...times);
    run.say(
      `${connections} slow connections were closed after ${Math.min(...times).toFixed(0)} to ${longest.toFixed(0)} ms`,
    );
    run.say(
      `${took.length} honest alerts: p50 ${percentile(took, 0.5).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, before ${undisturbed.toFixed(1)} ms`,
    );
    run.expect(`every slow connection is closed within ${limit} ms`, longest <= limit);
    run.expect(
      'every honest alert is accepted',
      honest.sent.every(({ outcome }) => outcome === 'accepted'),
    );
    // On a machine that is busy with something else honest alerts wait anyway; a percentile of a short run says nothing.
    const bound = Math.max(HONEST_P99, 2 * undisturbed);
    if (run.size === 'full') run.expect(`the p99 of honest alerts stays under ${bound.toFixed(0)} ms`, p99 < bound);
    const metrics = await talon.metrics();
    const counted =
      metrics.value('requests_refused_total', { reason: 'too_slow' }) + metrics.value('connections_refused_total');
    run.say(`counted as too_slow or displaced: ${counted}`);
    run.expect('each of them is counted', counted >= connections);
    await talon.stop();
  },
};

/** Milliseconds until the server closed it. */
async function drip(run: FaultRun, port: number, inHeaders: boolean): Promise<number> {
  const socket: Socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  run.cleanUp(() => socket.destroy());
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await Promise.race([new Promise<void>((resolve) => socket.once('connect', () => resolve())), closed]);
  const from = performance.now();
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\n${inHeaders ? 'X: ' : 'Content-Length: 1000000\r\n\r\n'}`);
  socket.resume();
  const timer = setInterval(() => socket.write('x'), 1000);
  await closed;
  clearInterval(timer);
  return performance.now() - from;
}
