import type { FalcoEvent } from '@falco-talon/core';
import { viewEvent, type EventView } from '../match/event-view.ts';
import { normaliseSource } from '../match/source.ts';
import type { FalcoRule } from './falco-rule.ts';
import { carriedFields, type FalcoSettings } from './falco-settings.ts';

/** What all alerts of one Falco rule have in common. */
export interface Alerts {
  readonly rule: FalcoRule;
  /** An alert of the rule as criteria see it, without any field. */
  readonly view: EventView;
  /** The fields that may have a value. No other one ever has. */
  readonly fields: ReadonlySet<string>;
}

export function alertsOf(rule: FalcoRule, settings: FalcoSettings): Alerts {
  const event: FalcoEvent = {
    id: '',
    traceId: '',
    receivedAt: 0,
    rule: rule.name,
    priority: rule.priority,
    priorityText: rule.priority,
    source: normaliseSource(rule.source),
    output: '',
    hostname: '',
    time: '',
    tags: settings.carriesTags ? rule.tags : [],
    fields: new Map(),
    context: new Map(),
    extra: new Map(),
  };
  return { rule, view: viewEvent(event), fields: carriedFields(rule, settings) };
}
