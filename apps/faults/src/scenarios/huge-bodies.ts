import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { alertText, residentMiB, watchResident } from '@falco-talon/testkit/server';
import { account, CONTAINER_HEAP, sayAccount, startSender, startTalon } from '../harness/index.ts';
import type { FaultRun, Scenario } from '../scenario.ts';

const MIB = 2 ** 20;
/** Bytes of an endless body, and how often each attack is made before memory is looked at, and again then. */
const SIZES = {
  full: { bytes: 1024 * MIB, rounds: 150 },
  short: { bytes: 64 * MIB, rounds: 3 },
} as const;
/** What the system takes for the server without its reading it: buffers of both ends of a loopback connection. */
const SYSTEM_BUFFERS = 16 * MIB;
/** Bytes of an honest alert that is as long as it may be, or nearly. */
const LONG = MIB - 4096;
const TOKEN = 'a-token-of-enough-characters';

export const hugeBodies: Scenario = {
  name: 'huge-bodies',
  title: 'a gigabyte without a length, lengths that lie, bodies that unpack to a thousand times their size',
  async run(run) {
    const { bytes, rounds } = SIZES[run.size];
    const talon = await startTalon(run, {
      rules: '[]\n',
      nodeFlags: CONTAINER_HEAP,
      config: `print_all_events: true\ndeduplication: { time_window_seconds: 0 }\nwatch_rules: false\nintake: { auth: { tokens: [${TOKEN}] } }\n`,
    });
    /** As many as the attacks, each as long as an alert may be. */
    const sendHonest = async (count: number) => {
      const sender = startSender(run, talon.url, {
        perSecond: 100,
        count,
        connections: 4,
        headers: { authorization: `Bearer ${TOKEN}` },
        body: (n) => alertText('a rule', 'a', n).replace('"output":"', `"output":"${'x'.repeat(LONG)}`),
      });
      await sender.done;
      return sender.sent;
    };

    const credentials = `Authorization: Bearer ${TOKEN}\r\n`;
    const bomb = await promisify(gzip)(Buffer.alloc(100 * MIB));
    const attacks: readonly Attack[] = [
      {
        name: 'endless, unknown',
        headers: 'Transfer-Encoding: chunked',
        status: 401,
        reasons: ['credentials_missing'],
        chunked: true,
      },
      {
        name: 'endless, known',
        headers: `${credentials}Transfer-Encoding: chunked`,
        status: 413,
        reasons: ['too_large'],
        chunked: true,
      },
      {
        name: 'announced, unknown',
        headers: `Content-Length: ${bytes}`,
        status: 401,
        reasons: ['credentials_missing'],
      },
      {
        name: 'announced, known',
        headers: `${credentials}Content-Length: ${bytes}`,
        status: 413,
        reasons: ['too_large'],
      },
      {
        name: 'longer than announced',
        headers: `${credentials}Content-Length: 2`,
        status: 400,
        reasons: ['invalid_event', 'malformed'],
      },
      {
        name: 'packed',
        headers: `${credentials}Content-Encoding: gzip\r\nContent-Length: ${bomb.length}`,
        status: 415,
        reasons: ['media_type'],
        body: bomb,
      },
      {
        name: 'packed, and not said so',
        headers: `${credentials}Content-Length: ${bomb.length}`,
        status: 400,
        reasons: ['invalid_event'],
        body: bomb,
      },
    ];
    const honest = await sendHonest(attacks.length * rounds);
    const results = attacks.map(() => [] as Awaited<ReturnType<typeof strike>>[]);
    const attackAll = async () => {
      const peak = watchResident(talon.pid);
      for (const [index, attack] of attacks.entries())
        for (let round = 0; round < rounds; round++) results[index]!.push(await strike(run, talon.port, attack, bytes));
      return peak();
    };
    const warm = residentMiB(talon.pid);
    const first = await attackAll();
    const second = await attackAll();
    for (const [index, { name, status, body }] of attacks.entries()) {
      const sent = Math.max(...results[index]!.map((result) => result.sent));
      const statuses = [...new Set(results[index]!.map((result) => result.status))];
      run.say(`${name}: ${statuses.join(', ')} after at most ${(sent / MIB).toFixed(1)} MiB`);
      // Who is still sending when the connection ends may find it reset before it reads the answer.
      const isAnswered = statuses.every((one) => one === status || (one === 0 && body === undefined));
      run.expect(`${name} is answered ${status}`, isAnswered);
      run.expect(`${name} is not read to the end`, body !== undefined || sent < SYSTEM_BUFFERS);
    }
    const count = attacks.length * rounds;
    run.say(
      `${warm.toFixed(0)} MiB resident after ${count} honest alerts of a MiB, at most ${first.toFixed(0)} in ${count} attacks, ${second.toFixed(0)} in ${count} more`,
    );
    if (run.size === 'full') run.expect('memory grows by less than 10 MiB', first - warm < 10);
    run.expect(`${count} attacks more take less than 10 MiB more`, second - first < 10);
    const last = await sendHonest(1);
    const sent = [...honest, ...last];
    run.expect(
      'an honest sender is served as before',
      sent.every(({ outcome }) => outcome === 'accepted'),
    );
    // The text of the metrics is kept for a moment.
    await delay(500, undefined, { signal: run.signal });
    const metrics = await talon.metrics();
    for (const reason of new Set(attacks.flatMap(({ reasons }) => reasons))) {
      const times = attacks.filter(({ reasons }) => reasons.includes(reason)).length * 2 * rounds;
      const counted = metrics.value('requests_refused_total', { reason });
      run.expect(`${reason} is counted ${times} times`, counted === times);
    }
    await talon.drained();
    await talon.stop();
    sayAccount(run, await account({ sent, lines: talon.lines(), steps: 0 }));
  },
};

interface Attack {
  readonly name: string;
  readonly headers: string;
  readonly status: number;
  /** In the metrics, of each request of it: what comes behind an alert is another one. */
  readonly reasons: readonly string[];
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
