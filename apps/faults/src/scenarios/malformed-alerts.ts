import { randomBytes } from 'node:crypto';
import { alertText, percentile } from '@falco-talon/testkit/server';
import { Agent } from 'undici';
import { account, probePlugin, probeRules, sayAccount, startTalon, type Sent } from '../harness/index.ts';
import type { Scenario } from '../scenario.ts';

const COUNT = { full: 10_000, short: 600 } as const;
/** Requests at a time. */
const OPEN = 5;
/** What hostile fields go through, and a look at the prototype everything inherits from. */
const ACTIONS = {
  works: "return { status: 'success', message: JSON.stringify(event.fields ?? event) }",
  looks:
    "return { status: 'success', message: 'prototype ' + Object.keys(Object.prototype).concat(String(({}).polluted)).join() }",
};

export const malformedAlerts: Scenario = {
  name: 'malformed-alerts',
  title: 'alerts of wrong types, broken encodings, absurd numbers, polluting keys and endless nesting',
  async run(run) {
    const count = COUNT[run.size];
    const talon = await startTalon(run, {
      rules: probeRules(Object.keys(ACTIONS)),
      config:
        'plugins: ["@falco-talon/queue-sqlite", ./probe.mjs]\ndeduplication: { time_window_seconds: 0 }\nwatch_rules: false\nprint_all_events: true\n',
      files: { 'probe.mjs': probePlugin(ACTIONS) },
    });
    const agent = new Agent({ connections: OPEN });
    run.cleanUp(() => agent.close());
    const { pid } = talon;
    const sent: Sent[] = [];
    async function send(body: Buffer): Promise<Sent> {
      const at = performance.now();
      const traceId = randomBytes(16).toString('hex');
      const answer = await agent.request({
        origin: talon.url,
        path: '/',
        method: 'POST',
        headers: { 'content-type': 'application/json', traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
        body,
      });
      await answer.body.dump();
      const { statusCode: status } = answer;
      const outcome = status === 202 ? 'accepted' : 'refused';
      const one: Sent = {
        n: sent.length,
        traceId,
        at,
        due: at,
        outcome,
        took: performance.now() - at,
        status,
        said: '',
      };
      sent.push(one);
      return one;
    }
    async function flood(body: (n: number) => Buffer, total: number) {
      const answers: Sent[] = [];
      let next = 0;
      async function work(): Promise<void> {
        while (next < total) {
          run.signal.throwIfAborted();
          answers.push(await send(body(next++)));
        }
      }
      await Promise.all(Array.from({ length: OPEN }, work));
      const statuses = Map.groupBy(answers, ({ status }) => status);
      return {
        statuses,
        p99: percentile(
          answers.map(({ took }) => took),
          0.99,
        ),
      };
    }
    const proper = await flood(() => Buffer.from(alertText('works', 'a', 1)), count / 10);
    const { statuses, p99 } = await flood(malformed, count);
    await talon.drained();

    const answers = [...statuses].toSorted(([a], [b]) => a - b).map(([status, all]) => `${all.length} × ${status}`);
    run.say(
      `${count} alerts: ${answers.join(', ')}; p99 ${p99.toFixed(1)} ms, of proper ones ${proper.p99.toFixed(1)} ms, ${OPEN} at a time`,
    );
    run.expect('each is accepted, or refused as the sender’s mistake', [...statuses.keys()].every(isExpected));
    run.expect('some are accepted and some refused', statuses.has(202) && statuses.has(400));
    if (run.size === 'full') run.expect('the p99 stays under 50 ms', p99 < 50);
    const last = await send(Buffer.from(alertText('looks', 'a', 1)));
    run.expect('a proper alert is still accepted', last.outcome === 'accepted');
    await talon.drained();
    const metrics = await talon.metrics();
    run.expect('no error escaped', metrics.value('uncaught_errors_total') === 0);
    run.expect('the process is the one that was started', talon.pid === pid && talon.starts.length === 1);
    await talon.stop();
    const looked: unknown[] = [];
    const matched = new Set<string>();
    for await (const { message, actionner, trace_id: trace = '', ...line } of talon.lines()) {
      if (actionner === 'probe:looks') looked.push(line['result']);
      if (message === 'match') matched.add(trace);
      if (message === 'action') matched.delete(trace);
    }
    run.expect('nothing was added to the prototype of all objects', looked.includes('prototype undefined'));
    run.expect('every alert that matched a rule was acted on', matched.size === 0);
    // Most of them match no rule: their end is that they were looked at.
    sayAccount(run, await account({ sent, lines: talon.lines(), steps: 0 }));
  },
};

function isExpected(status: number): boolean {
  return status === 202 || (status >= 400 && status < 500);
}

const VALUES = [
  [
    'null',
    'true',
    '0',
    '-1',
    '1e309',
    '-0',
    '1e-400',
    '9223372036854775807',
    '1731945600482812345',
    `1${'0'.repeat(400)}`,
  ],
  ['""', '"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"\\u202e"', '"a\\nb"', '"$(id)"', `"${'x'.repeat(5000)}"`],
  [
    '[]',
    '{}',
    '[[[]]]',
    '[null]',
    '{"a":null}',
    '{"__proto__":{"polluted":true}}',
    '{"constructor":{"prototype":{"polluted":1}}}',
  ],
].flat();
const KEYS = ['rule', 'priority', 'time', 'source', 'output', 'output_fields', 'tags', 'hostname', 'uuid', '__proto__'];
const NAMES = ['"works"', '"works"', '"a rule"'];

/** Always the same one for a number. */
function malformed(n: number): Buffer {
  const pick = <T>(from: readonly T[], turn: number) => from[Math.floor(n / turn) % from.length]!;
  const value = pick(VALUES, 1);
  const key = pick(KEYS, VALUES.length);
  const name = pick(NAMES, 3);
  switch (n % 8) {
    case 0:
      return Buffer.from(`{"rule":${name},"${key}":${value}}`);
    case 1:
      return Buffer.from(
        `{"rule":${name},"output_fields":{"k8s.pod.name":${value},"k8s.ns.name":${value},"${key}":${value}}}`,
      );
    case 2:
      return Buffer.from(`{"${key}":${value},"${key}":${value},"rule":${name}}`);
    case 3:
      return Buffer.from(value);
    case 4:
      return Buffer.from(`{"rule":${name},"${key}":${value}}`.slice(0, 1 + (n % 30)));
    case 5:
      return Buffer.concat([
        Buffer.from(`{"rule":${name},"output":"`),
        Buffer.from([0xff, 0xfe, n % 256, 0xc0]),
        Buffer.from('"}'),
      ]);
    case 6:
      return n % 50 === 6 ? nested(200_000) : nested(1 + (n % 400));
    default:
      return Buffer.from(`\ufeff{"rule":${name},"time":"${'9'.repeat(n % 40)}","priority":${value}} trailing`);
  }
}

function nested(depth: number): Buffer {
  return Buffer.from(`{"rule":"works","output_fields":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}`);
}
