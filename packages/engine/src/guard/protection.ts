import {
  CLUSTER_NAMESPACES,
  defineGuard,
  singularKind,
  strictObject,
  targetText,
  Type,
  type Target,
} from '@falco-talon/core';
import { isItself, namespaceOf } from './own-identity.ts';
import { compileLists } from './protected-lists.ts';

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
    'Kinds that are protected in the same way: `persistentvolumeclaims`, `namespaces`. An action on the node of a pod is judged by the pod.',
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
    if (effect.readOnly) return { kind: 'allow' };
    const itself = own.find((mine) => isItself(target, mine));
    if (itself) return deny(`Falco Talon never acts on itself: ${whatText(target, itself)}`);
    if (effect.idempotent && !effect.destructive) return { kind: 'allow' };
    const { namespaces, names, kinds } = compileLists(lists);
    const namespace = namespaceOf(target);
    if (namespace !== undefined && namespaces(namespace))
      return deny(`the namespace ${namespace} is protected (guard.protected.namespaces)`);
    const inNamespace = `${target.namespace ?? ''}/${target.name}`;
    if (names(target.name) || names(inNamespace))
      return deny(`${targetText(target)} is protected (guard.protected.names)`);
    if (kinds(singularKind(target.kind))) return deny(`each ${target.kind} is protected (guard.protected.kinds)`);
    return { kind: 'allow' };
  },
});

const deny = (reason: string) => ({ kind: 'deny', reason }) as const;

function whatText(target: Target, itself: Target): string {
  if (itself.kind !== 'namespace') return `${targetText(itself)} is part of it`;
  return target.namespace === itself.name
    ? `${targetText(target)} is in its own namespace`
    : `${targetText(target)} is its own namespace`;
}
