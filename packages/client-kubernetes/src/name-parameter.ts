import { Type } from '@falco-talon/core';

/** A name as namespaces and containers have it. `what`: `a namespace`. */
export function nameParameter(what: string, options: { readonly description?: string } = {}) {
  return Type.String({
    ...options,
    pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$',
    form: `the name of ${what} (at most 63 lower-case letters, digits and -, with a letter or digit at both ends)`,
  });
}
