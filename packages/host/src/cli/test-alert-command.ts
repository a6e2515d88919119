import { resolve } from 'node:path';
import { errorText, PRIORITIES } from '@falco-talon/core';
import { jsonText, printable, readBounded } from '@falco-talon/engine';
import { fileError } from '../config/file-error.ts';
import { painter } from './colour.ts';
import { print, printProblems, type CommandInput, type CommandSpec, type ExitCode } from './command.ts';
import { exchange, shownUrl } from './test-alert/exchange.ts';
import { readServerMetrics, watchOutcome, type Outcome } from './test-alert/outcome.ts';
import { logText, outcomeText, verdictOf, type Verdict } from './test-alert/report.ts';
import { alertBody, type AlertOptions } from './test-alert/sample-alert.ts';

const ANSWER_BYTES = 64 * 1024;
const EVENT_BYTES = 16 * 1024 * 1024;
const DEFAULT_URL = 'http://127.0.0.1:2803';

/** What came of the alert. One of `outcome` and `unknown` is there when it was accepted. */
interface Result {
  readonly url: string;
  readonly verdict: Verdict;
  readonly outcome?: Outcome;
  /** Why nothing can be said about what the server did. */
  readonly unknown?: string;
}

async function testAlert(input: CommandInput): Promise<ExitCode> {
  const { program, options } = input;
  const url = serverUrl(String(options['url']));
  const metricsUrl = serverUrl(String(options['metricsUrl'] ?? options['url']));
  const wrong = wrongValues(options, url, metricsUrl);
  if (url === undefined || metricsUrl === undefined || wrong.length > 0) {
    for (const text of wrong) print(program.stderr, `${program.name}: ${text}`);
    return 2;
  }
  const request = await requestFor(input).catch((error: unknown) => {
    printProblems(program, [printable(errorText(error))]);
    return undefined;
  });
  if (request === undefined) return 1;
  const result = await sent({ url, metricsUrl, ...request, wait: Number(options['wait']) * 1000 });
  if (options['output'] === 'json') print(program.stdout, resultJson(result));
  else if (result.verdict.accepted) print(program.stdout, acceptedText(result, input));
  else printProblems(program, [refusedText(result)]);
  return result.verdict.accepted ? 0 : 1;
}

interface Sending {
  readonly url: URL;
  readonly metricsUrl: URL;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds. */
  readonly wait: number;
}

async function sent({ url, metricsUrl, body, headers, wait }: Sending): Promise<Result> {
  const shown = shownUrl(url);
  const before = wait > 0 ? await readServerMetrics(metricsUrl) : 'nobody looked (--wait 0)';
  const verdict = await exchange({ url, method: 'POST', body, headers, limit: ANSWER_BYTES }).then(
    verdictOf,
    (error: unknown): Verdict => ({ accepted: false, problem: errorText(error) }),
  );
  if (!verdict.accepted) return { url: shown, verdict };
  const outcome = typeof before === 'string' ? before : await watchOutcome(metricsUrl, before, wait);
  return { url: shown, verdict, ...(typeof outcome === 'string' ? { unknown: outcome } : { outcome }) };
}

function resultJson({ url, verdict, outcome, unknown }: Result): string {
  return jsonText({ url, ...verdict, outcome, outcome_unknown: unknown });
}

function refusedText({ url, verdict: { status, problem = '', advice } }: Result): string {
  if (status === undefined) return `error: ${url}: ${printable(problem)}`;
  return `error: ${url} refused the alert with ${status}: ${problem}\n${advice ?? ''}`;
}

function acceptedText({ url, verdict, outcome, unknown }: Result, { program, options }: CommandInput): string {
  const paint = painter(program.stdout, program.environment);
  const { id = '', trace_id: traceId = '' } = verdict;
  const lines = [`${paint('good', 'accepted')} by ${url}: alert ${id}, trace ${traceId}`];
  if (outcome) lines.push(outcomeText(outcome, traceId, paint));
  else lines.push(`what it did is unknown: ${printable(unknown ?? '')}`, logText(traceId));
  const harmless = options['event'] === undefined && options['rule'] === undefined;
  if (outcome?.state === 'unmatched' && harmless)
    lines.push('the sample is meant to match no rule: name the one to try with --rule');
  return lines.join('\n');
}

async function requestFor(input: CommandInput): Promise<Pick<Sending, 'body' | 'headers'>> {
  const tokenFile = input.options['tokenFile'] as string | undefined;
  const headers = { 'content-type': 'application/json' };
  const body = await bodyFor(input);
  if (tokenFile === undefined) return { body, headers };
  const token = (await textOf(tokenFile, input)).trim().split(/\s/)[0]!;
  // Nothing else can stand in a header.
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Error(`${tokenFile}: this file holds no token`);
  return { body, headers: { ...headers, authorization: `Bearer ${token}` } };
}

async function textOf(path: string, { program }: CommandInput): Promise<string> {
  const file = resolve(program.workingDirectory, path);
  const content = await readBounded(file, { limit: EVENT_BYTES, pipes: true }).catch((error: unknown) => {
    throw new Error(`${path}: ${fileError(error)}`);
  });
  return content.toString();
}

async function bodyFor(input: CommandInput): Promise<string> {
  const path = input.options['event'] as string | undefined;
  const given = input.options as AlertOptions;
  if (path === undefined) return alertBody(given, new Date());
  const content = await textOf(path, input);
  try {
    return alertBody({ ...given, text: content }, new Date());
  } catch (error) {
    throw new Error(`${path}: ${errorText(error)}`, { cause: error });
  }
}

function wrongValues(
  options: CommandInput['options'],
  url: URL | undefined,
  metricsUrl: URL | undefined,
): readonly string[] {
  const wait = String(options['wait']);
  const fields = (options['field'] as readonly string[] | undefined) ?? [];
  return [
    ...(url ? [] : [noAddress('url', options['url'])]),
    ...(metricsUrl || options['metricsUrl'] === undefined ? [] : [noAddress('metrics-url', options['metricsUrl'])]),
    ...(/^\d{1,4}$/.test(wait) ? [] : [`--wait must be a number of seconds, not '${printable(wait)}'`]),
    ...fields
      .filter((field) => !/^[^=]+=/.test(field))
      .map((field) => `--field must be name=value, not '${printable(field)}'`),
  ];
}

function noAddress(flag: string, value: unknown): string {
  return `--${flag} must be an address like ${DEFAULT_URL}, not '${printable(String(value))}'`;
}

function serverUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url : undefined;
}

export const testAlertCommand: CommandSpec = {
  path: ['test-alert'],
  description: 'send a sample alert to a running server and say what came of it',
  details:
    'The server treats it as any other alert. The sample is harmless unless told otherwise: it is of the lowest priority, ' +
    'and names a Falco rule, a pod and a node that do not exist. What the server did is read from its metrics. ' +
    'Of the ways a server knows its senders, it can use user and password or a secret path, both in --url, and a token. ' +
    'It makes no signatures and shows no client certificate; curl does. For a certificate of an authority of your own, name ' +
    "the authority's file in the environment variable NODE_EXTRA_CA_CERTS.",
  options: [
    {
      flags: '--url <address>',
      description: 'of the server, with its path and user:password@ if it wants them',
      default: DEFAULT_URL,
    },
    {
      flags: '--metrics-url <address>',
      description: 'where its metrics are, when it has a monitoring port (default: the same server)',
    },
    { flags: '--token-file <file>', description: 'its first word is sent as bearer token', file: true },
    { flags: '--event <file>', description: 'an alert as JSON in place of the sample', file: true },
    { flags: '--rule <name>', description: 'the Falco rule the alert is of', names: 'falco rule' },
    { flags: '--priority <name>', description: 'its priority', choices: PRIORITIES },
    { flags: '--source <name>', description: 'its source' },
    { flags: '--namespace <name>', description: 'the namespace of its pod' },
    { flags: '--pod <name>', description: 'its pod; rules that match act on it' },
    { flags: '--tag <name>', description: 'one of its tags; repeatable, replaces all', repeatable: true },
    { flags: '--field <name=value>', description: 'one of its output_fields; repeatable', repeatable: true },
    {
      flags: '--wait <seconds>',
      description: "how long to watch the server's metrics for what it does",
      default: '10',
    },
    { flags: '-o, --output <format>', description: 'format', choices: ['text', 'json'], default: 'text' },
  ],
  examples: [
    { line: 'falco-talon test-alert', meaning: 'is the server there, and does it take alerts?' },
    {
      line: "falco-talon test-alert --rule 'Terminal shell in container' --priority Notice",
      meaning: 'what the rules do about this Falco rule, for a pod that does not exist',
    },
    {
      line: 'falco-talon test-alert --event alert.json --url http://127.0.0.1:2803',
      meaning: 'an alert of your own: the rules act on the pod it names',
    },
  ],
  run: testAlert,
};
