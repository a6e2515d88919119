import type { Permission } from '@falco-talon/core';
import type { PlannedStep } from '../plan/plan.ts';
import type { Registry } from '../registry/registry.ts';

/** A right the steps of a plan need, with the parts that need it. */
export type ExplainedPermission = Permission & { readonly for: readonly string[] };

/** What the identity in use must be allowed to do for these steps; each right once. */
export function permissionsOf(steps: readonly PlannedStep[], registry: Registry): readonly ExplainedPermission[] {
  const found = new Map<string, { permission: Permission; parts: Set<string> }>();
  for (const { part, permissions } of steps.flatMap((step) => partsOf(step, registry))) {
    for (const permission of permissions) {
      const key = JSON.stringify(permission);
      const known = found.get(key);
      if (known) known.parts.add(part);
      else found.set(key, { permission, parts: new Set([part]) });
    }
  }
  return Array.from(found.values(), ({ permission, parts }) => ({ ...permission, for: [...parts] }));
}

interface PartPermissions {
  readonly part: string;
  readonly permissions: readonly Permission[];
}

function partsOf({ actionner, contexts, output, notifiers }: PlannedStep, registry: Registry): PartPermissions[] {
  type Parts = Pick<Registry, 'actionners' | 'contexts' | 'outputs' | 'notifiers' | 'guards'>;
  const named = (parts: Parts[keyof Parts]) => {
    return (part: string): PartPermissions => ({ part, permissions: parts.get(part)?.part.permissions ?? [] });
  };
  return [
    named(registry.actionners)(actionner),
    ...contexts.map(named(registry.contexts)),
    ...(output ? [named(registry.outputs)(output.target)] : []),
    ...notifiers.map(named(registry.notifiers)),
    ...[...registry.guards.keys()].map(named(registry.guards)),
  ];
}
