import { randomBytes } from 'node:crypto';
import { parseJson } from '@falco-talon/core';

const SAMPLE_RULE = 'Test alert of Falco Talon';

export interface AlertOptions {
  /** JSON of an alert that is sent in place of the sample. It need not be a good one: the server says what is wrong. */
  readonly text?: string;
  readonly rule?: string;
  readonly priority?: string;
  readonly source?: string;
  readonly namespace?: string;
  readonly pod?: string;
  readonly tag?: readonly string[];
  /** `name=value` */
  readonly field?: readonly string[];
}

type JsonMap = Record<string, unknown>;

/**
 * The body to send. The sample is what Falco sends, and harmless: of the lowest priority, about a rule nobody has, in a pod
 * and on a node that do not exist, without an address. Each is another alert to the server, so that none is a duplicate.
 * @throws Error in words, when the text is no JSON object
 */
export function alertBody(options: AlertOptions, now: Date): string {
  const alert = options.text === undefined ? sample(options, now) : parsed(options.text);
  if (options.rule !== undefined) alert['rule'] = options.rule;
  if (options.priority !== undefined) alert['priority'] = options.priority;
  if (options.source !== undefined) alert['source'] = options.source;
  if (options.tag !== undefined) alert['tags'] = options.tag;
  const given = [
    ...(options.namespace === undefined ? [] : [['k8s.ns.name', options.namespace]]),
    ...(options.pod === undefined ? [] : [['k8s.pod.name', options.pod]]),
    ...(options.field ?? []).map((field) => {
      const end = field.indexOf('=');
      return [field.slice(0, end), field.slice(end + 1)];
    }),
  ];
  if (given.length > 0) {
    const before = alert['output_fields'];
    const fields = typeof before === 'object' && before !== null ? before : {};
    alert['output_fields'] = { ...fields, ...Object.fromEntries(given) };
  }
  return JSON.stringify(alert);
}

function parsed(text: string): JsonMap {
  const value = parseJson(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonMap;
  throw new Error(`one alert is needed, a JSON object; this is ${Array.isArray(value) ? 'a list' : 'something else'}`);
}

function sample({ rule, priority, namespace, pod }: AlertOptions, now: Date): JsonMap {
  const mark = randomBytes(4).toString('hex');
  const time = now.toISOString().replace('Z', '000000Z');
  const where = { namespace: namespace ?? 'falco-talon-test', pod: pod ?? `falco-talon-test-${mark}` };
  return {
    hostname: 'falco-talon-test',
    output: `${time.slice(11, -1)}: ${priority ?? 'Debug'} ${rule ?? SAMPLE_RULE}: nothing has happened (k8s_ns=${where.namespace} k8s_pod=${where.pod} test=${mark})`,
    output_fields: {
      'container.id': mark.padEnd(12, '0'),
      'container.name': 'test',
      'evt.time': parseJson(`${now.getTime()}000000`),
      'k8s.ns.name': where.namespace,
      'k8s.pod.name': where.pod,
      'proc.cmdline': 'true',
      'proc.name': 'true',
      'user.name': 'nobody',
    },
    priority: 'Debug',
    rule: SAMPLE_RULE,
    source: 'syscall',
    tags: ['test'],
    time,
  };
}
