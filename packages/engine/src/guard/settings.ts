import { emptyObject, fit, type Guard } from '@falco-talon/core';
import type { Section } from '../lifecycle/engine.ts';

/** What a guard is told of `guard.<name>`, with defaults where nothing is said. Made once: guards may keep what they make of it. */
export function guardSettings(
  { name, settings }: Pick<Guard, 'name' | 'settings'>,
  sections: ReadonlyMap<string, Section>,
): Readonly<Record<string, unknown>> {
  return fit(settings ?? emptyObject, sections.get(name)?.value ?? {}).value;
}
