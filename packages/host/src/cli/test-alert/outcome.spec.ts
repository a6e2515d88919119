import { expect, it } from 'vitest';
import { createMetrics } from '../../metrics/metrics.ts';
import { outcomeOf } from './outcome.ts';
import { outcomeText } from './report.ts';
import { readMetrics } from './server-metrics.ts';
import { plain } from '../colour.ts';

const event = { source: 'syscall', priority: 'Notice' } as const;
/** What the server's own metrics say of what `happen` does, while this many events wait. */
async function told(happen: (observer: ReturnType<typeof createMetrics>['observer']) => void, pending = 0) {
  const metrics = createMetrics();
  metrics.watch({
    queueDepth: async () => ({ pending, dead: 0 }),
    spoolDepth: () => ({ bytes: 0, limitBytes: 1, files: 0, limitFiles: 1 }),
    lowStores: () => ({ queue: false, spool: false }),
    droppedLogLines: () => 0,
  });
  metrics.observer.event({ ...event, result: 'accepted' });
  metrics.observer.match({ rule: 'Shell' });
  const before = readMetrics(await metrics.text());
  happen(metrics.observer);
  const outcome = outcomeOf(before, readMetrics(await metrics.text()));
  return { outcome, text: outcomeText(outcome, 'trace', plain) };
}

const record = { time: '', trace_id: '', event: '', message: 'action', stage: 'action' } as const;

it('counts what the alert did, by the metrics of the server', async () => {
  const { outcome, text } = await told((observer) => {
    observer.event({ ...event, result: 'accepted' });
    observer.event({ ...event, result: 'matched' });
    observer.match({ rule: 'Shell "x" \\ \u001b' });
    observer.match({ rule: 'Shell' });
    const step = { ...record, rule: 'Shell', action: 'Note it' };
    observer.outcome({ ...step, actionner: 'test:note', status: 'failure' });
    observer.outcome({ ...step, stage: 'output', output_target: 'local:file', status: 'success' });
    observer.notification({ notifier: 'bell', status: 'success', records: 2 });
  });
  expect(outcome).toMatchObject({ state: 'matched', alerts: 1 });
  expect(text.split('\n')).toEqual([
    '  rule      Shell',
    String.raw`  rule      Shell "x" \ \u{1b}`,
    '  action    Note it (test:note) of Shell: failure',
    '  output    local:file, from Note it of Shell: success',
    '  notifier  bell: success (2 times)',
    'the log of the server says everything about it: look for trace',
  ]);
});

it('is done when nothing waits any more', async () => {
  const matched = (observer: Parameters<Parameters<typeof told>[0]>[0]) => {
    observer.event({ ...event, result: 'accepted' });
    observer.event({ ...event, result: 'matched' });
  };
  expect((await told(matched, 1)).outcome.state).toBe('working');
  expect((await told(matched, 1)).text).toContain('it is still being worked on; --wait watches longer');
  expect((await told((observer) => observer.event({ ...event, result: 'accepted' }))).outcome.state).toBe('working');
});

it('says what else there is to know', async () => {
  const counted = async (...results: ('accepted' | 'unmatched' | 'duplicate')[]) =>
    told((observer) => results.forEach((result) => observer.event({ ...event, result })));
  expect((await counted('accepted', 'unmatched')).text).toBe('no rule matched it; falco-talon explain shows why');
  expect((await counted('duplicate')).text).toContain('deduplication');
  expect((await counted()).text).toContain('Do several replicas share this address?');
  expect((await counted('accepted', 'accepted', 'unmatched', 'unmatched')).text).toContain(
    '2 alerts came in at that time',
  );
});
