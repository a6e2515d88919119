import { printable } from '@falco-talon/engine';
import type { Paint } from '../colour.ts';
import type { Answer } from './exchange.ts';
import type { Count, Outcome } from './outcome.ts';

/** What the server said, bounded and printable: that it has the alert, or a problem document, or something else altogether. */
export interface Verdict {
  readonly accepted: boolean;
  /** Absent: there was no answer. */
  readonly status?: number;
  readonly id?: string;
  readonly trace_id?: string;
  readonly problem?: string;
  /** What to do. */
  readonly advice?: string;
}

export function verdictOf({ status, headers, text }: Answer): Verdict {
  const body = jsonMap(text);
  const { id, trace_id } = body;
  if (status === 202 && typeof id === 'string' && typeof trace_id === 'string')
    return { accepted: true, status, id: short(id), trace_id: short(trace_id) };
  const words = [body['title'], body['detail']].filter((part) => typeof part === 'string').map((part) => short(part));
  const code = typeof body['code'] === 'string' ? ` (${short(body['code'])})` : '';
  return {
    accepted: false,
    status,
    problem: words.length === 0 ? 'the answer is not one of Falco Talon' : words.join(': ') + code,
    advice: adviceFor(status, headers),
  };
}

function adviceFor(status: number, headers: Headers): string {
  const retry = headers.get('retry-after');
  const wait = retry !== null && /^\d{1,9}$/.test(retry) ? `try again in ${retry} s` : 'try again later';
  switch (status) {
    case 400:
      return 'change the alert as the server says';
    case 401:
    case 403:
      return 'the server wants credentials: http://user:password@host:port, the secret path it was given, or --token-file; help test-alert says more';
    case 404:
    case 405:
      return 'alerts are sent to the path /, unless something in front of the server has another one';
    case 413:
      return 'send a smaller alert, or raise max_body_bytes in the configuration of the server';
    case 415:
      return 'something in between changes the Content-Type: alerts are application/json';
    case 429:
    case 503:
      return wait;
    default: {
      const location = headers.get('location');
      if (status >= 300 && status < 400 && location !== null)
        return `it points to ${short(location)}; give that to --url`;
      return 'is it Falco Talon that listens there? look into its log';
    }
  }
}

/** For people; outcome and trace id are printable already. */
export function outcomeText(outcome: Outcome, traceId: string, paint: Paint): string {
  const lines: string[] = [];
  if (outcome.state === 'unseen') {
    lines.push('what it did is unknown: its metrics have not moved. Do several replicas share this address?');
  } else if (outcome.state === 'duplicate') {
    lines.push('it was the same as one of the last seconds (deduplication), so nothing was done');
  } else if (outcome.state === 'unmatched') {
    lines.push('no rule matched it; falco-talon explain shows why');
  } else {
    lines.push(...counts('rule', outcome.matches, ({ rule }) => rule!, paint));
    lines.push(
      ...counts(
        'action',
        outcome.actions,
        ({ rule, action, actionner }) => `${action} (${actionner}) of ${rule}`,
        paint,
      ),
    );
    lines.push(
      ...counts('output', outcome.outputs, ({ rule, action, target }) => `${target}, from ${action} of ${rule}`, paint),
    );
    lines.push(...counts('notifier', outcome.notifications, ({ notifier }) => notifier!, paint));
    if (outcome.state === 'working') lines.push('  it is still being worked on; --wait watches longer');
  }
  if (outcome.alerts > 1) lines.push(`${outcome.alerts} alerts came in at that time: the numbers are of all of them`);
  if (outcome.state !== 'unmatched') lines.push(logText(traceId));
  return lines.join('\n');
}

export function logText(traceId: string): string {
  return `the log of the server says everything about it: look for ${traceId}`;
}

function counts(
  what: string,
  list: readonly Count[],
  name: (labels: Readonly<Record<string, string>>) => string,
  paint: Paint,
): string[] {
  return list.map(({ labels, count }) => {
    const { status } = labels;
    const text = status === undefined ? '' : `: ${status === 'failure' ? paint('bad', status) : status}`;
    return `  ${what.padEnd(8)}  ${name(labels)}${text}${count === 1 ? '' : ` (${count} times)`}`;
  });
}

export function short(text: string): string {
  return printable(text.length > 500 ? `${text.slice(0, 500).toWellFormed()}…` : text);
}

function jsonMap(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
