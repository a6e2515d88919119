import type { Permission, Uses } from '@falco-talon/core';

/** The names the registry accepts. */
export const PART_NAME = /^[a-z][a-z0-9_-]{0,62}$/;

const GRANTING = ['kubernetes', 'aws', 'gcp'] as const;

/** A part that uses a client whose service knows permissions must name the ones it needs, completely. */
export function permissionProblems(part: {
  readonly uses?: Uses;
  readonly permissions: readonly Permission[];
}): string[] {
  const problems: string[] = [];
  const used = new Set(Object.values(part.uses ?? {}).map(({ id }) => id));
  for (const kind of GRANTING) {
    if (used.has(kind) && !part.permissions.some((permission) => permission.kind === kind))
      problems.push(`it uses the client ${kind} and names no permission of that kind`);
  }
  for (const permission of part.permissions) {
    const lists = permission.kind === 'kubernetes' ? [permission.resources, permission.verbs] : [permission.actions];
    if (lists.some((list) => list.length === 0 || list.some((item) => item.trim() === '')))
      problems.push(`a permission has an empty list: ${JSON.stringify(permission)}`);
    if (lists.flat().includes('*')) problems.push(`a permission grants everything: ${JSON.stringify(permission)}`);
  }
  return problems;
}
