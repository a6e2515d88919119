import { styleText } from 'node:util';
import type { OutcomeRecord } from '@falco-talon/core';
import type { KubernetesObject } from '@falco-talon/client-kubernetes';
import type { Pod } from './cluster.ts';
import { storedAt, type Played } from './verdict.ts';

type Style = Parameters<typeof styleText>[0];
const COLOURS: Readonly<Record<string, Style>> = {
  success: 'green',
  failure: 'red',
  ignored: 'yellow',
  dry_run: 'cyan',
};

function print(text = ''): void {
  process.stdout.write(`${text}\n`);
}

export function showTitle(text: string): void {
  print();
  print(styleText('bold', text));
}

export function showLine(text: string): void {
  print(`  ${text}`);
}

export function showAlert({ alert, traceId, postedAt }: Played, told: readonly OutcomeRecord[]): void {
  showTitle(`● ${alert.title}`);
  const fields = alert.body['output_fields'] as Readonly<Record<string, string>>;
  print(`  alert  ${String(alert.body['priority'])}: ${String(alert.body['rule'])}`);
  if (fields['k8s.pod.name'] !== undefined) print(`  pod    ${fields['k8s.ns.name']}/${fields['k8s.pod.name']}`);
  const records = told.filter((record) => record.trace_id === traceId);
  if (alert.duplicate && records.length === 0) return print('  202    acknowledged; a duplicate, so nothing runs');
  print(`  202    trace ${traceId}`);
  if (records.length === 0) return print('  rule   none matches');
  print(`  rule   ${records[0]?.rule}`);
  for (const record of records) {
    const milliseconds = Math.max(0, Date.parse(record.time) - postedAt);
    const name = record.stage === 'output' ? `→ ${record.output_target}` : (record.action ?? '');
    const status = styleText(COLOURS[record.status] ?? 'white', record.status.padEnd(8));
    print(
      `  ${status} ${name.padEnd(28)} ${`${milliseconds} ms`.padStart(7)}  ${record.stage === 'output' ? '' : (record.error ?? record.result ?? '')}`,
    );
    if (record.stage !== 'output') continue;
    print(`           ${storedAt(record.objects)}`);
    print(`           ${record.objects?.['bytes']} bytes, sha256 ${record.objects?.['sha256']}`);
  }
}

export function showPods(title: string, pods: readonly Pod[]): void {
  showTitle(title);
  for (const pod of pods) {
    const labels = Object.entries(pod.labels)
      .filter(([key]) => key.startsWith('analysis/') || key.includes('falco-talon'))
      .map(([key, value]) => `${key}=${value}`);
    const state = pod.terminating ? styleText('yellow', 'Terminating') : pod.phase;
    print(
      `  ${pod.name.padEnd(30)} ${state.padEnd(11)} ${pod.uid.slice(0, 8)}  ${styleText('magenta', labels.join(' '))}`,
    );
  }
}

export function showPolicies(policies: readonly KubernetesObject[]): void {
  showTitle('Network policies');
  for (const { metadata, spec } of policies) print(`  ${metadata.name}\n    ${JSON.stringify(spec)}`);
}

export function showVerdict(wrong: readonly string[]): void {
  showTitle(
    wrong.length === 0
      ? styleText('green', 'The cluster ended in the expected state.')
      : styleText('red', 'The cluster did not end in the expected state:'),
  );
  for (const text of wrong) print(`  ${text}`);
}
