import { TalonError } from './errors.ts';

/** The name under which a value of the event is known: `proc.args[0]` is `PROC_ARGS_0`. Always a name a shell can hold. */
export function tokenName(field: string): string {
  const name = field
    .toUpperCase()
    .replaceAll(']', '')
    .replaceAll(/[^A-Z0-9_]/g, '_');
  return /^[A-Z_]/.test(name) ? name : `_${name}`;
}

/**
 * The documented spelling `${FALCO-TALON_RULE}` becomes `${FALCO_TALON_RULE}`: a shell would read the dash as the operator
 * for a default value. Only the name changes.
 */
export function respellOwnTokens(text: string): string {
  return text.replaceAll(/\$\{FALCO-TALON_(?=[A-Za-z])/g, '${FALCO_TALON_');
}

/**
 * Replaces each `${NAME}` by the event's value, once: what a value contains is not looked at again.
 * @throws TalonError `unknown_token`
 */
export function expandTokens(text: string, tokens: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\{([^}]*)\}/g, (_, name: string) => {
    const value = tokens.get(name) ?? tokens.get(tokenName(name));
    if (value === undefined) {
      throw new TalonError('unknown_token', `\${${name}} is not a value of this event`);
    }
    return value;
  });
}
