import { withoutUserInfo } from './mask.ts';
import { formatProblemOfLine, pathText, printable, type Position } from '@falco-talon/engine';

export type KeyPath = readonly (string | number)[];

/** Where a value comes from. */
export type Origin =
  | { readonly from: 'file'; readonly position: Position }
  | { readonly from: 'environment'; readonly variable: string }
  | { readonly from: 'flag'; readonly flag: string };

/** A mistake in the configuration. */
export interface ConfigProblem {
  /** A file without a position, a variable, a flag; undefined when it has no place. */
  readonly origin: Origin | { readonly from: 'unreadable'; readonly file: string } | undefined;
  /** `notifiers.webhook.url` */
  readonly path: string;
  readonly message: string;
  /** The line of the file, as far as it may be shown. */
  readonly shown?: string | undefined;
}

/** Where each value came from. */
export class Origins {
  readonly #origins = new Map<string, { readonly key: Origin; readonly value: Origin }>();

  set(path: KeyPath, key: Origin, value = key): void {
    this.#origins.set(pathText(path), { key, value });
  }

  /** Of the value itself; undefined when nobody has set it. */
  own(path: KeyPath): Origin | undefined {
    return this.#origins.get(pathText(path))?.key;
  }

  /** Of the value, or of the nearest map or list around it. */
  nearest(path: KeyPath, of: 'key' | 'value'): Origin | undefined {
    for (let length = path.length; length >= 0; length--) {
      const origin = this.#origins.get(pathText(path.slice(0, length)));
      if (origin !== undefined) return length === path.length ? origin[of] : origin.key;
    }
    return undefined;
  }
}

/** As mistakes in rules are written: `config.yaml:3:5: error: message (path)`, with the line below. */
export function formatConfigProblem({ origin, path, message: text, shown }: ConfigProblem): string {
  const message = withoutUserInfo(text);
  if (origin?.from === 'file') {
    return formatProblemOfLine({ ...origin.position, severity: 'error', path, message }, shown);
  }
  const where =
    origin === undefined ? '' : `${origin.from === 'unreadable' ? `${origin.file}: error` : originText(origin)}: `;
  return printable(`${where}${message}${path === '' ? '' : ` (${path})`}`);
}

/** `config.yaml:3`, `environment variable LISTENPORT`, `flag --rules` */
export function originText(origin: Origin): string {
  if (origin.from === 'environment') return `environment variable ${origin.variable}`;
  return origin.from === 'flag' ? `flag ${origin.flag}` : placeText(origin);
}

/** `config.yaml:3`, `LISTENPORT`, `--rules` */
export function placeText(origin: Origin): string {
  if (origin.from === 'environment') return origin.variable;
  return origin.from === 'flag' ? origin.flag : `${origin.position.file}:${origin.position.line}`;
}
