import { printable } from '@falco-talon/engine';
import { exchange } from './exchange.ts';
import { growth, readMetrics, sum, type Sample } from './server-metrics.ts';

const METRICS_BYTES = 8 * 1024 * 1024;
/** The server writes its metrics anew this often at most. Milliseconds. */
const PAUSE = 300;

/** More are not shown of one kind: many alerts came in. */
const MAX_COUNTS = 50;

/** The server's metrics, or why they cannot be read. */
export type Reading = readonly Sample[] | string;

export interface Count {
  /** The labels that name it: rule, action, notifier… */
  readonly labels: Readonly<Record<string, string>>;
  readonly count: number;
}

/** What the server's counters say happened since the alert was sent: to it, and to every other alert of that time. */
export interface Outcome {
  /** `unseen`: no counter of this server moved. `working`: its actions were not done when the time was over. */
  readonly state: 'unmatched' | 'matched' | 'duplicate' | 'working' | 'unseen';
  /** Alerts the server took meanwhile, this one among them. */
  readonly alerts: number;
  readonly matches: readonly Count[];
  readonly actions: readonly Count[];
  readonly outputs: readonly Count[];
  readonly notifications: readonly Count[];
}

export async function readServerMetrics(url: URL): Promise<Reading> {
  try {
    const { status, text } = await exchange({ url: new URL('/metrics', url), method: 'GET', limit: METRICS_BYTES });
    const samples = status === 200 ? readMetrics(text) : [];
    if (samples.length > 0) return samples;
    return status === 200
      ? 'the page /metrics is not the one of Falco Talon'
      : `/metrics answered ${status}; when the server has a monitoring port, name it with --metrics-url`;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Reads the metrics until the alert is done with, or for this long. Milliseconds. */
export async function watchOutcome(url: URL, before: readonly Sample[], time: number): Promise<Outcome | string> {
  const end = performance.now() + time;
  for (;;) {
    const after = await readServerMetrics(url);
    if (typeof after === 'string') return after;
    const outcome = outcomeOf(before, after);
    const open = outcome.state === 'working' || outcome.state === 'unseen';
    if (!open || performance.now() >= end) return outcome;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

/** An alert is done with when it is out of the queue: its actions are over and its artifacts stored. */
export function outcomeOf(before: readonly Sample[], after: readonly Sample[]): Outcome {
  const grown = growth(before, after);
  const events = (result: string) => sum(grown, 'events_total', { result });
  const accepted = events('accepted');
  const judged = events('matched') + events('unmatched') + events('dead');
  const waiting = sum(after, 'queue_messages', { state: 'pending' });
  const list = (name: string) =>
    grown
      .filter((sample) => sample.name === name)
      .slice(0, MAX_COUNTS)
      .map(({ labels, value }) => ({ labels: printableLabels(labels), count: value }));
  return {
    state: stateOf(),
    alerts: accepted + events('duplicate'),
    matches: list('matches_total'),
    actions: list('actions_total'),
    outputs: list('outputs_total'),
    notifications: list('notifications_total'),
  };

  function stateOf(): Outcome['state'] {
    if (accepted === 0) return events('duplicate') > 0 ? 'duplicate' : 'unseen';
    if (judged < accepted) return 'working';
    if (events('matched') + events('dead') === 0) return 'unmatched';
    return waiting > 0 ? 'working' : 'matched';
  }
}

function printableLabels(labels: Sample['labels']): Sample['labels'] {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, printable(value.slice(0, 200))]));
}
