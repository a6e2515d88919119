import { respellOwnTokens } from '@falco-talon/core';

const SHELL_PARAMETERS: ReadonlySet<string> = new Set(['command', 'script']);

/** The documented spelling of Falco Talon's own tokens, in commands and scripts. */
export function respellParameters(parameters: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(parameters).map(([key, value]) =>
      SHELL_PARAMETERS.has(key) && typeof value === 'string' ? [key, respellOwnTokens(value)] : [key, value],
    ),
  );
}
