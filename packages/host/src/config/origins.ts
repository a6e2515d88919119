import { pathText, printable } from '@falco-talon/engine';

export type KeyPath = readonly (string | number)[];

/** A mistake in the configuration. */
export interface ConfigProblem {
  /** `config.yaml:3:5`, `environment variable FALCO_TALON_LISTEN_PORT`; empty when it has no place. */
  readonly where: string;
  /** `notifiers.webhook.url` */
  readonly path: string;
  readonly message: string;
}

/** Where each value came from. */
export class Origins {
  readonly #places = new Map<string, { key: string; value: string }>();

  set(path: KeyPath, key: string, value = key): void {
    this.#places.set(pathText(path), { key, value });
  }

  /** The place of the value, or of the nearest map or list around it. */
  place(path: KeyPath, of: 'key' | 'value'): string {
    for (let length = path.length; length >= 0; length--) {
      const place = this.#places.get(pathText(path.slice(0, length)));
      if (place !== undefined) return length === path.length ? place[of] : place.key;
    }
    return '';
  }
}

export function formatConfigProblem({ where, path, message }: ConfigProblem): string {
  return printable([where, path, message].filter((part) => part !== '').join(': '));
}
