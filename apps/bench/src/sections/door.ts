import { createHash, createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { alertText, openConnection, percentile } from '@falco-talon/testkit/server';
import { DEFAULT_CONFIG, startTalon, type Talon } from '@falco-talon/faults/harness';
import { post } from '../load.ts';
import type { Measurement, Section } from '../measurement.ts';

const CONNECTIONS = 50;
const COUNT = 4_000;
const ROUNDS = 5;
const SECRET = 'a-secret-of-enough-characters';
const RULES = '- { rule: Nothing, match: { rules: [Nothing] }, actions: [] }\n';
type Headers = (n: number) => Readonly<Record<string, string>>;
/** Made once: an alert tells the time, and a signature is that of its bytes. */
const BODIES = Array.from({ length: COUNT }, (_, n) => alertText('Terminal shell in container', `pod-${n % 100}`, n));
const body = (n: number) => BODIES[n]!;

/** What each way to be known costs, and how long a flood of pipelined requests keeps everybody else waiting. */
export const door: Section = {
  name: 'door',
  async run(run) {
    const auth = `auth: { tokens: [${SECRET}], basic: ['falco:${SECRET}'], secret_paths: [${SECRET}-path], hmac_keys: [${SECRET}] }`;
    const open = await startTalon(run, { name: 'open', rules: RULES, queue: 'memory' });
    const known = await startTalon(run, {
      name: 'known',
      rules: RULES,
      queue: 'memory',
      config: `${DEFAULT_CONFIG}intake: { ${auth} }\n`,
    });
    const authorization = (value: string) => () => ({ authorization: value });
    const ways: Readonly<Record<string, readonly [url: string, credentials: () => Headers | undefined]>> = {
      nothing: [open.url, () => undefined],
      'a bearer token': [known.url, () => authorization(`Bearer ${SECRET}`)],
      'user and password': [known.url, () => authorization(`Basic ${btoa(`falco:${SECRET}`)}`)],
      'a secret path': [`${known.url}/${SECRET}-path`, () => undefined],
      'a signature': [known.url, signatures],
    };
    const rates = new Map<string, number[]>(Object.keys(ways).map((way) => [way, []]));
    let refused = 0;
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [way, [url, credentials]] of Object.entries(ways)) {
        const headers = credentials();
        const load = { perSecond: Infinity, count: COUNT, connections: CONNECTIONS, body, ...(headers && { headers }) };
        const result = await post(run, url, load);
        refused += COUNT - result.accepted;
        if (round > 0) rates.get(way)!.push(COUNT / result.seconds);
      }
    }
    const median = (way: string) => percentile(rates.get(way)!, 0.5);
    const results: Measurement[] = [
      { name: 'intake of an open server', value: median('nothing'), unit: 'events/s' },
      ...Object.keys(ways)
        .slice(1)
        .map((way) => ({
          name: `time of an alert with ${way}, to one with nothing`,
          value: median('nothing') / median(way),
          unit: '×',
        })),
      {
        name: 'alerts that were not accepted',
        value: refused,
        unit: 'alerts',
        limit: { kind: 'exactly', value: 0 },
      },
    ];
    for (const [what, server] of [
      ['without credentials', known],
      ['at an open server', open],
    ] as const) {
      const value = await longestWait(server, what === 'without credentials' ? `Bearer ${SECRET}` : '');
      results.push({
        name: `longest answer while 300 connections pipeline ${what}`,
        value,
        unit: 'ms',
        limit: { kind: 'atMost', value: 1000 },
      });
    }
    return results;
  },
};

/** One for each alert, made before anything is measured. */
function signatures(): Headers {
  const time = Math.floor(Date.now() / 1000);
  const headers = Array.from({ length: COUNT }, (_, n) => {
    const nonce = crypto.randomUUID();
    const sum = createHash('sha256').update(body(n)).digest('hex');
    const digest = createHmac('sha256', SECRET).update(`${time}.${nonce}.${sum}`).digest('hex');
    return { 'x-falco-talon-signature': `t=${time},nonce=${nonce},sha256=${sum},v1=${digest}` };
  });
  return (n) => headers[n]!;
}

const FLOOD = Buffer.from('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}'.repeat(1337));

/** Milliseconds an honest sender waits at most while each of 300 connections sends 64 KB of requests, three times. */
async function longestWait({ url, port }: Talon, authorization: string): Promise<number> {
  const honest = await openConnection(url);
  const waits: number[] = [];
  let isOver = false;
  const asking = (async () => {
    while (!isOver) {
      const from = performance.now();
      await honest.post(body(0), authorization === '' ? {} : { authorization });
      waits.push(performance.now() - from);
      await delay(1);
    }
  })();
  for (let round = 0; round < 3; round++) await Promise.all(Array.from({ length: 300 }, () => pipeline(port)));
  isOver = true;
  await asking;
  honest.close();
  return Math.max(...waits);
}

function pipeline(port: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(FLOOD));
    socket.on('error', () => {});
    socket.on('close', () => resolve());
    socket.resume();
  });
}
