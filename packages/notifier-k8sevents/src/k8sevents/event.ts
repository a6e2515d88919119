import { createHash } from 'node:crypto';
import type { OutcomeRecord } from '@falco-talon/core';
import type { Resource } from '@falco-talon/client-kubernetes';
import { isSubdomain } from './kinds.ts';
import { noteOf } from './note.ts';
import type { Subject } from './regarding.ts';
import { cutBytes, oneLine } from './text.ts';

export const EVENTS: Resource = {
  group: 'events.k8s.io',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  namespaced: true,
};

const CONTROLLER = 'falcosecurity.org/falco-talon';
/** Bytes the API takes for reason, action and reportingInstance. */
const LONGEST_WORD = 128;
/** Leaves room for the dot and the hash within the 253 bytes of a name. */
const LONGEST_BASE = 200;

/** `events.k8s.io/v1`. https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
export interface Event {
  readonly [field: string]: unknown;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: string;
}

/** @param instance which of several Falco Talons reports */
export function eventOf(record: OutcomeRecord, subject: Subject, instance: string): Event {
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: eventName(record, subject), namespace: subject.namespace },
    eventTime: microTime(record.time),
    reportingController: CONTROLLER,
    reportingInstance: word(instance),
    action: word(record.actionner ?? record.message),
    reason: word(['falco-talon', record.message, madeBy(record), record.status].join(':')),
    regarding: subject.regarding,
    ...(subject.related && { related: subject.related }),
    note: noteOf(record),
    type: record.status === 'failure' ? 'Warning' : 'Normal',
  };
}

/** Repeats are outcomes of the same kind, about the same object, of the same action. */
export function seriesKey(record: OutcomeRecord, { namespace, regarding }: Subject): string {
  const { rule, action, stage, status, actionner, output_target, error } = record;
  const { kind, apiVersion, name, namespace: of } = regarding;
  const parts = [namespace, kind, apiVersion, of, name, rule, action, stage, status, actionner, output_target, error];
  return digest(JSON.stringify(parts.map((part) => part ?? null)));
}

/** The API takes exactly six fraction digits, `toISOString` gives three. */
export function microTime(time: string): string {
  const milliseconds = Date.parse(time);
  return new Date(Number.isNaN(milliseconds) ? 0 : milliseconds).toISOString().replace('Z', '000Z');
}

function madeBy({ stage, output_target, actionner = '' }: OutcomeRecord): string {
  return stage === 'output' ? (output_target ?? actionner) : actionner;
}

/** The same for the same record, so that a repeat after a lost answer finds the first. */
function eventName(record: OutcomeRecord, { regarding }: Subject): string {
  const { notifier: _notifier, ...told } = record;
  const base = isSubdomain(regarding.name)
    ? regarding.name.slice(0, LONGEST_BASE).replace(/[-.]+$/, '')
    : 'falco-talon';
  return `${base}.${digest(JSON.stringify(told)).slice(0, 16)}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function word(text: string): string {
  return cutBytes(oneLine(text), LONGEST_WORD) || 'falco-talon';
}
