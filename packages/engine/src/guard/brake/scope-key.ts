import { fieldText, laneKey, targetText, type FalcoEvent, type Subject, type Target } from '@falco-talon/core';
import type { BudgetScope } from './budget.ts';

/** What a step is about to change, and on whose behalf. */
export interface About {
  readonly event: FalcoEvent;
  readonly rule: string;
  /** Undefined: it touches nothing that could be named. */
  readonly target: Target | undefined;
  readonly subject: Subject | undefined;
}

/** What a budget counts apart, and how people are told of it. */
export interface ScopeKey {
  /** Never empty. */
  readonly key: string;
  readonly label: string;
}

/** What an alert may name is longer than any name Kubernetes allows. Two that agree so far are counted as one. */
const MAX_KEY = 512;

/** Undefined: a budget of this scope does not apply, because nobody knows what it would count. */
export function scopeKey(per: BudgetScope, about: About): ScopeKey | undefined {
  const found = keyOf(per, about);
  return found && { key: found.key.slice(0, MAX_KEY), label: found.label.slice(0, MAX_KEY).toWellFormed() };
}

function keyOf(per: BudgetScope, about: About): ScopeKey | undefined {
  const { rule, target } = about;
  switch (per) {
    case 'rule':
      return { key: `rule ${rule}`, label: `rule ${rule}` };
    case 'cluster':
      return { key: 'cluster', label: 'the cluster' };
    case 'namespace': {
      const namespace = target?.namespace ?? (target?.kind === 'namespace' ? target.name : undefined);
      return named('namespace', namespace);
    }
    case 'node':
      return named('node', about.subject?.node ?? nodeOf(about));
    case 'workload': {
      const workload = about.subject?.workload ?? (target && workloadOf(target, about.event));
      return workload && { key: laneKey(workload), label: targetText(workload) };
    }
  }
}

function named(kind: string, name: string | undefined): ScopeKey | undefined {
  return name === undefined || name === '' ? undefined : { key: `${kind} ${name}`, label: `${kind} ${name}` };
}

/** Falco gives the name of its node as the host's name with what the kernel saw; elsewhere it means nothing. */
function nodeOf({ event, target }: About): string | undefined {
  if (target?.kind === 'node') return target.name;
  return event.source === 'syscall' ? event.hostname : undefined;
}

/** Fields of Falco, and of its k8smeta plugin, that name a pod's owner. */
const OWNERS = [
  ['deployment', 'k8smeta.deployment.name', 'k8s.deployment.name'],
  ['replicaset', 'k8smeta.rs.name', 'k8s.rs.name'],
  ['replicationcontroller', 'k8smeta.rc.name', 'k8s.rc.name'],
] as const;

/** Endings Kubernetes generates: five letters and digits, before them the hash of a pod template; or an ordinal. */
const GENERATED = /(?:-[bcdfghjklmnpqrstvwxz2456789]{6,10})?-[bcdfghjklmnpqrstvwxz2456789]{5}$|-\d+$/;

/**
 * As far as the alert says when no guard has asked the cluster: the owner it names, else the pods whose names differ only
 * in what their controller generates. Anything else is a workload of its own.
 */
function workloadOf(target: Target, event: FalcoEvent): Target {
  if (target.kind !== 'pod') return target;
  const place = target.namespace === undefined ? {} : { namespace: target.namespace };
  for (const [kind, ...fields] of OWNERS) {
    for (const field of fields) {
      const name = fieldText(event, field);
      if (name !== undefined && name !== '' && name !== '<NA>') return { kind, ...place, name };
    }
  }
  const name = target.name.replace(GENERATED, '');
  return { kind: 'pod', ...place, name: name === '' ? target.name : name };
}
