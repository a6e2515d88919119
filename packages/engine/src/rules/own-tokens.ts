const DASHED = /\$\{FALCO-TALON_(?=[A-Za-z])/g;
const SHELL_PARAMETERS: ReadonlySet<string> = new Set(['command', 'script']);

/**
 * The documented spelling `${FALCO-TALON_RULE}` becomes `${FALCO_TALON_RULE}` in commands and scripts: a shell would read
 * the dash as the operator for a default value. Only the name changes.
 */
export function respellOwnTokens(parameters: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(parameters).map(([key, value]) =>
      SHELL_PARAMETERS.has(key) && typeof value === 'string'
        ? [key, value.replaceAll(DASHED, '${FALCO_TALON_')]
        : [key, value],
    ),
  );
}
