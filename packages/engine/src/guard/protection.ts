import {
  CLUSTER_NAMESPACES,
  defineGuard,
  singularKind,
  strictObject,
  targetText,
  Type,
  type Actionner,
  type Effect,
  type Static,
  type Target,
} from '@falco-talon/core';
import type { Section } from '../lifecycle/engine.ts';
import { effectOf } from './effect.ts';
import { isItself, namespaceOf } from './own-identity.ts';
import { compileLists } from './protected-lists.ts';
import { guardSettings } from './settings.ts';

const patterns = (preset: readonly string[], description: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 512 }), { default: [...preset], description });

const settings = strictObject({
  namespaces: patterns(
    CLUSTER_NAMESPACES,
    'Namespaces, `*` and `?` allowed: only what merely reads or is easily taken back (a label) is done to what is in them, and to them. This list takes the place of the default one.',
  ),
  names: patterns(
    [],
    'Names of objects that are protected in the same way, `*` and `?` allowed: `*-db-*` in any namespace, `shop/*-db-*` in one.',
  ),
  kinds: patterns(
    [],
    'Kinds that are protected in the same way: `persistentvolumeclaims`, `namespaces`. An action on the node of a pod is judged by the pod; a drain leaves the other pods that are protected where they are.',
  ),
});

/**
 * The engine's own rules, from the step alone: nothing that has an effect is done to Falco Talon itself, whatever the
 * settings say; what is protected may be looked at, and changed in ways that end nothing and can be repeated and taken back.
 */
export const protection = defineGuard({
  name: 'protected',
  description: 'Keeps actions from Falco Talon itself and from what the lists under `guard.protected` name.',
  settings,
  async judge({ target, effect, own, settings: lists }) {
    const reason = reasonOf(target, effect, own, lists);
    return reason === undefined ? { kind: 'allow' } : { kind: 'deny', reason };
  },
});

/** Why an object is protected from an action of this actionner; undefined: it is not. */
export type Protects = (actionner: Actionner, own: readonly Target[], object: Target) => string | undefined;

/** The same rules, for actions that change more than their target. `sections`: of guards, by name. */
export function createProtects(sections: ReadonlyMap<string, Section>): Protects {
  const lists = guardSettings(protection, sections) as Static<typeof settings>;
  return (actionner, own, object) => reasonOf(object, effectOf(actionner), own, lists);
}

function reasonOf(target: Target, effect: Effect, own: readonly Target[], lists: Static<typeof settings>) {
  if (effect.readOnly) return undefined;
  const itself = own.find((mine) => isItself(target, mine));
  if (itself) return `Falco Talon never acts on itself: ${whatText(target, itself)}`;
  if (effect.idempotent && !effect.destructive) return undefined;
  const { namespaces, names, kinds } = compileLists(lists);
  const namespace = namespaceOf(target);
  if (namespace !== undefined && namespaces(namespace)) {
    return `the namespace ${namespace} is protected (guard.protected.namespaces)`;
  }
  const inNamespace = `${target.namespace ?? ''}/${target.name}`;
  if (names(target.name) || names(inNamespace)) return `${targetText(target)} is protected (guard.protected.names)`;
  if (kinds(singularKind(target.kind))) return `each ${target.kind} is protected (guard.protected.kinds)`;
  return undefined;
}

function whatText(target: Target, itself: Target): string {
  if (itself.kind !== 'namespace') return `${targetText(itself)} is part of it`;
  return target.namespace === itself.name
    ? `${targetText(target)} is in its own namespace`
    : `${targetText(target)} is its own namespace`;
}
