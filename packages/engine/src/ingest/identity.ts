import { hash } from 'node:crypto';
import { fieldText, hasField, podName, podNamespace, valueText, type FalcoEvent } from '@falco-talon/core';

/** What the event is about, as far as the alert says: orders the queue. Events about nothing in particular go their own way. */
export function orderingKey(event: FalcoEvent): string {
  const target = targetOf(event);
  return target === undefined ? event.id : digest(target);
}

/**
 * Two events with the same key are the same alert sent twice: same rule, source, host, text without its time, and
 * target. Without a text the fields count, except the ones that only say when.
 */
export function deduplicationKey(event: FalcoEvent): string {
  const said = event.output === '' ? fieldsWithoutTime(event) : event.output;
  return digest([event.rule, event.source, event.hostname, said, targetOf(event) ?? null]);
}

function targetOf(event: FalcoEvent): readonly (string | undefined)[] | undefined {
  const pod = podName(event);
  if (pod !== undefined) return ['pods', podNamespace(event), pod];
  const resource = presentText(event, 'ka.target.resource');
  const name = presentText(event, 'ka.target.name');
  return resource === undefined && name === undefined ? undefined : [resource, podNamespace(event), name];
}

/** Falco says `<NA>` where it knows nothing: not the name of something all such alerts are about. */
function presentText(event: FalcoEvent, field: string): string | undefined {
  return hasField(event, field) ? fieldText(event, field) : undefined;
}

function fieldsWithoutTime(event: FalcoEvent): readonly (readonly (string | undefined)[])[] {
  return [...event.fields]
    .filter(([field]) => !field.startsWith('evt.time'))
    .map(([field, value]) => [field, valueText(value)])
    .toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1));
}

function digest(value: unknown): string {
  return hash('sha256', JSON.stringify(value), 'base64url');
}
