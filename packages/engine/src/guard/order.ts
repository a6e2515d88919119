import type { Guard } from '@falco-talon/core';
import { ENGINE_PLUGIN, type Registry } from '../registry/registry.ts';

/** The engine's own rules, then the guards of plugins. */
export function guardsInOrder({ guards }: Pick<Registry, 'guards'>): readonly Guard[] {
  const own = [...guards.values()].filter(({ plugin }) => plugin === ENGINE_PLUGIN);
  const brought = [...guards.values()].filter(({ plugin }) => plugin !== ENGINE_PLUGIN);
  return [...own, ...brought].map(({ part }) => part);
}
