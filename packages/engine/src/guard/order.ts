import type { Guard } from '@falco-talon/core';
import { ENGINE_PLUGIN, type Registry } from '../registry/registry.ts';

/**
 * The engine's own rules, then the guards of plugins, then `last`: guards that were made for one engine, each in place of
 * what the registry has under its name.
 */
export function guardsInOrder({ guards }: Pick<Registry, 'guards'>, last: readonly Guard[]): readonly Guard[] {
  const made = new Set(last.map(({ name }) => name));
  const others = [...guards.values()].filter(({ part }) => !made.has(part.name));
  const own = others.filter(({ plugin }) => plugin === ENGINE_PLUGIN);
  const brought = others.filter(({ plugin }) => plugin !== ENGINE_PLUGIN);
  return [...own.map(({ part }) => part), ...brought.map(({ part }) => part), ...last];
}
