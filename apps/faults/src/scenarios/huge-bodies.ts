import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { alertText, openConnection, residentMiB, watchResident } from '@falco-talon/testkit/server';
import { startTalon } from '../harness/index.ts';
import type { FaultRun, Scenario } from '../scenario.ts';

const MIB = 2 ** 20;
const SIZES = {
  full: { bytes: 1024 * MIB, rounds: 20, warm: 2000 },
  short: { bytes: 64 * MIB, rounds: 3, warm: 300 },
} as const;
/** What the system takes for the server without its reading it: buffers of both ends of a loopback connection. */
const SYSTEM_BUFFERS = 16 * MIB;
/** Times each is done before memory is looked at: what the first ones leave in the heap is no growth. */
const WARM = 5;
const TOKEN = 'a-token-of-enough-characters';

export const hugeBodies: Scenario = {
  name: 'huge-bodies',
  title: 'a gigabyte without a length, lengths that lie, bodies that unpack to a thousand times their size',
  async run(run) {
    const { bytes, rounds, warm } = SIZES[run.size];
    const talon = await startTalon(run, {
      rules: '[]\n',
      config: `deduplication: { time_window_seconds: 0 }\nwatch_rules: false\nintake: { auth: { tokens: [${TOKEN}] } }\n`,
    });
    const honest = await openConnection(talon.url);
    run.cleanUp(() => honest.close());
    const sendHonest = async () =>
      (await honest.post(alertText('a rule', 'a', 1), { authorization: `Bearer ${TOKEN}` })).status;
    for (let n = 0; n < warm; n++) await sendHonest();

    const credentials = `Authorization: Bearer ${TOKEN}\r\n`;
    const bomb = await promisify(gzip)(Buffer.alloc(100 * MIB));
    const attacks: readonly Attack[] = [
      {
        name: 'endless, unknown',
        headers: 'Transfer-Encoding: chunked',
        status: 401,
        reason: 'credentials_missing',
        chunked: true,
      },
      {
        name: 'endless, known',
        headers: `${credentials}Transfer-Encoding: chunked`,
        status: 413,
        reason: 'too_large',
        chunked: true,
      },
      { name: 'announced, unknown', headers: `Content-Length: ${bytes}`, status: 401, reason: 'credentials_missing' },
      { name: 'announced, known', headers: `${credentials}Content-Length: ${bytes}`, status: 413, reason: 'too_large' },
      { name: 'longer than announced', headers: `${credentials}Content-Length: 2`, status: 400, reason: 'malformed' },
      {
        name: 'packed',
        headers: `${credentials}Content-Encoding: gzip\r\nContent-Length: ${bomb.length}`,
        status: 415,
        reason: 'media_type',
        body: bomb,
      },
      {
        name: 'packed, and not said so',
        headers: `${credentials}Content-Length: ${bomb.length}`,
        status: 400,
        reason: 'invalid_event',
        body: bomb,
      },
    ];
    for (const attack of attacks) for (let n = 0; n < WARM; n++) await strike(run, talon.port, attack, bytes);
    const before = residentMiB(talon.pid);
    const peak = watchResident(talon.pid);
    for (const attack of attacks) {
      const results = [];
      for (let round = 0; round < rounds; round++) results.push(await strike(run, talon.port, attack, bytes));
      const sent = Math.max(...results.map((result) => result.sent));
      const statuses = [...new Set(results.map(({ status }) => status))];
      run.say(`${attack.name}: ${statuses.join(', ')} after at most ${(sent / MIB).toFixed(1)} MiB`);
      // Who is still sending when the connection ends may find it reset before it reads the answer.
      const isAnswered = statuses.every((one) => one === attack.status || (one === 0 && attack.body === undefined));
      run.expect(`${attack.name} is answered ${attack.status}`, isAnswered);
      run.expect(`${attack.name} is not read to the end`, attack.body !== undefined || sent < SYSTEM_BUFFERS);
    }
    const growth = peak() - before;
    run.say(`resident memory grew by ${growth.toFixed(1)} MiB at most, from ${before.toFixed(1)}`);
    run.expect('memory grows by less than 10 MiB', growth < 10);
    run.expect('an honest sender is served as before', (await sendHonest()) === 202);
    // The text of the metrics is kept for a moment.
    await delay(500, undefined, { signal: run.signal });
    const metrics = await talon.metrics();
    for (const reason of new Set(attacks.map((attack) => attack.reason))) {
      const times = attacks.filter((attack) => attack.reason === reason).length * (WARM + rounds);
      const counted = metrics.value('requests_refused_total', { reason });
      run.expect(`${reason} is counted ${times} times`, counted >= times);
    }
    await talon.stop();
  },
};

interface Attack {
  readonly name: string;
  readonly headers: string;
  readonly status: number;
  readonly reason: string;
  readonly chunked?: boolean;
  /** Instead of as many bytes as it takes. */
  readonly body?: Buffer;
}

/** Sends until the server ends the connection, or everything is sent; the status of the answer, and the bytes it took. */
async function strike(run: FaultRun, port: number, attack: Attack, bytes: number) {
  const socket = connect(port, '127.0.0.1');
  run.cleanUp(() => socket.destroy());
  socket.on('error', () => {});
  let received = '';
  socket.on('data', (data) => (received += data.toString('latin1')));
  const closed = happens(socket, 'close');
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${attack.headers}\r\n\r\n`);
  const text = Buffer.alloc(MIB / 16, 'x');
  const piece = attack.chunked ? Buffer.concat([Buffer.from('10000\r\n'), text, Buffer.from('\r\n')]) : text;
  let sent = 0;
  if (attack.body) {
    socket.write(attack.body);
    sent = attack.body.length;
  } else {
    while (sent < bytes && !socket.destroyed) {
      sent += piece.length;
      if (!socket.write(piece)) await Promise.race([happens(socket, 'drain'), closed]);
    }
  }
  // Whoever sent all of it may go on with the connection.
  if (received === '') await Promise.race([closed, new Promise((resolve) => socket.once('data', resolve))]);
  socket.destroy();
  // The last one: a body that goes on behind its length is an alert, and then something that is no request.
  return { status: Number([...received.matchAll(/^HTTP\/1\.1 (\d+)/gm)].at(-1)?.[1] ?? 0), sent };
}

/** Never rejects: a connection that is reset is closed, too. */
function happens(socket: Socket, event: 'close' | 'drain'): Promise<void> {
  return new Promise((resolve) => socket.once(event, () => resolve()));
}
