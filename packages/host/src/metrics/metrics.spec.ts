import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { OutcomeRecord } from '@falco-talon/core';
import { boundedLabel } from './bounded-label.ts';
import { createMetrics } from './metrics.ts';

const record: OutcomeRecord = {
  time: 't',
  trace_id: 'i',
  rule: 'Terminal shell',
  event: 'hostile text',
  message: 'action',
  status: 'success',
  stage: 'action',
  action: 'Label',
  actionner: 'kubernetes:label',
  category: 'kubernetes',
  objects: { pod: 'cart-1' },
};
async function lines(metrics: ReturnType<typeof createMetrics>): Promise<readonly string[]> {
  return (await metrics.text())
    .split('\n')
    .filter((line) => line.startsWith('falcosecurity_') && !line.includes('_bucket'));
}

const EMPTY = {
  queueDepth: async () => ({ pending: 0, dead: 0 }),
  spoolDepth: () => ({ bytes: 0, limitBytes: 8, files: 0, limitFiles: 9 }),
  lowStores: () => ({ queue: true, spool: false }),
};

describe('the metrics', () => {
  it('count what the engine tells', async () => {
    const metrics = createMetrics();
    const { observer } = metrics;
    observer.event({ source: 'syscall', priority: 'Notice', result: 'accepted' });
    observer.match({ rule: 'Terminal shell' });
    observer.outcome(record);
    observer.outcome({ ...record, stage: 'output', status: 'failure', output_target: 'local:file' });
    observer.notification({ notifier: 'webhook', status: 'dropped', records: 3 });
    metrics.mode('observe');
    observer.guardVerdict({ guard: 'gate', verdict: 'deny' });
    observer.latency('accept', 250);
    observer.reload('failure');
    for (const what of ['restored', 'engaged', 'observed', 'observed', 'released'] as const)
      observer.brake({ per: 'workload', what });
    metrics.requestRefused({ status: 413, code: 'too_large' });
    metrics.uncaughtError();
    expect(await lines(metrics)).toEqual(
      expect.arrayContaining([
        'falcosecurity_falco_talon_events_total{source="syscall",priority="Notice",result="accepted"} 1',
        'falcosecurity_falco_talon_matches_total{rule="Terminal shell"} 1',
        'falcosecurity_falco_talon_actions_total{rule="Terminal shell",action="Label",status="success",actionner="kubernetes:label",category="kubernetes"} 1',
        'falcosecurity_falco_talon_outputs_total{rule="Terminal shell",action="Label",status="failure",target="local:file"} 1',
        'falcosecurity_falco_talon_notifications_total{notifier="webhook",status="dropped"} 3',
        'falcosecurity_falco_talon_mode{mode="observe"} 1',
        'falcosecurity_falco_talon_guard_verdicts_total{guard="gate",verdict="deny"} 1',
        'falcosecurity_falco_talon_stage_duration_seconds_sum{stage="accept"} 0.25',
        'falcosecurity_falco_talon_rule_reloads_total{result="failure"} 1',
        'falcosecurity_falco_talon_requests_refused_total{status="413",reason="too_large"} 1',
        'falcosecurity_falco_talon_uncaught_errors_total 1',
        'falcosecurity_falco_talon_storm_brakes_engaged{per="workload"} 1',
        'falcosecurity_falco_talon_storm_brake_engagements_total{per="workload"} 1',
        'falcosecurity_falco_talon_storm_brake_observed_total{per="workload"} 2',
      ]),
    );
    expect(await metrics.text()).toContain('process_cpu_user_seconds_total');
  });

  it('tell whether the last rules came into force, and when those in force did', async () => {
    const metrics = createMetrics();
    const shown = async (name: string) =>
      Number(
        (await lines(metrics))
          .find((line) => line.startsWith(`falcosecurity_falco_talon_rules_${name} `))
          ?.split(' ')[1],
      );
    const before = Date.now() / 1000;
    metrics.watch({ ...EMPTY, droppedLogLines: () => 0 });
    const started = await shown('last_reload_success_timestamp_seconds');
    expect(started).toBeGreaterThanOrEqual(before - 0.001);
    expect(await shown('last_reload_successful')).toBe(1);
    metrics.observer.reload('failure');
    expect(await shown('last_reload_successful')).toBe(0);
    expect(await shown('last_reload_success_timestamp_seconds')).toBe(started);
    metrics.observer.reload('success');
    expect(await shown('last_reload_successful')).toBe(1);
  });

  it('take no label from an event', async () => {
    const metrics = createMetrics();
    for (let i = 0; i < 1000; i++) {
      metrics.observer.event({ source: `source-${i}`, priority: `priority-${i}`, result: 'unmatched' });
      metrics.observer.outcome({ ...record, event: `event ${i}`, objects: { pod: `pod-${i}` } });
    }
    const text = await metrics.text();
    expect(text).toContain('events_total{source="other",priority="other",result="unmatched"} 1000');
    expect(text).not.toMatch(/pod-|event 1|source-1/);
  });

  it('read the depth of the queue and the lost lines when they are shown', async () => {
    const metrics = createMetrics();
    let works = true;
    metrics.watch({
      ...EMPTY,
      queueDepth: () =>
        works
          ? Promise.resolve({ pending: 4, dead: 1, bytes: 5, damagedMessages: 2, expired: 3, discarded: 6 })
          : Promise.reject(new Error('closed')),
      droppedLogLines: () => 7,
    });
    const shown = await lines(metrics);
    expect(shown).toContain('falcosecurity_falco_talon_queue_messages{state="pending"} 4');
    expect(shown).toContain('falcosecurity_falco_talon_queue_messages{state="dead"} 1');
    expect(shown).toContain('falcosecurity_falco_talon_log_lines_dropped_total 7');
    expect(shown).toContain('falcosecurity_falco_talon_queue_bytes 5');
    expect(shown.filter((line) => line.includes('queue_free_bytes '))).toEqual([]);
    expect(shown).toContain('falcosecurity_falco_talon_queue_damaged_messages_total 2');
    expect(shown).toContain('falcosecurity_falco_talon_dead_letters_deleted_total{reason="age"} 3');
    expect(shown).toContain('falcosecurity_falco_talon_dead_letters_deleted_total{reason="room"} 6');
    expect(shown).toContain('falcosecurity_falco_talon_spool_limit_bytes 8');
    expect(shown).toContain('falcosecurity_falco_talon_storage_low{store="queue"} 1');
    expect(shown).toContain('falcosecurity_falco_talon_storage_low{store="spool"} 0');
    works = false;
    expect((await lines(metrics)).filter((line) => line.includes('queue_messages'))).toEqual([]);
  });
});

it('each is explained in the documentation, and no other', async () => {
  const metrics = createMetrics();
  metrics.mode('enforce');
  metrics.watchReplicas({ state: () => ({ leads: true, term: 1, transitions: 1 }) });
  metrics.watchCertificate(() => 1);
  metrics.watch({ ...EMPTY, droppedLogLines: () => 0 });
  const named = [...(await metrics.text()).matchAll(/^# TYPE falcosecurity_falco_talon_(\S+) (\S+)$/gm)];
  const page = await readFile(join(import.meta.dirname, '../../../../docs/metrics.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+)(?:\{[\w,]+\})?` +\| (\w+) /gm)];
  const pairs = (found: readonly RegExpExecArray[]) => found.map(([, name, type]) => `${name} ${type}`).toSorted();
  expect(pairs(rows)).toEqual(pairs(named));
});

it('a label has a bounded number of values', () => {
  const label = boundedLabel(2);
  expect(['a', 'b', 'a', 'c', 'd', 'b'].map(label)).toEqual(['a', 'b', 'a', 'other', 'other', 'b']);
});
