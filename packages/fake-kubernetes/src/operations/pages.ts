import type { ApiObject } from '../api-object.ts';
import { at, textAt } from '../json.ts';
import { refuse } from '../server/answer.ts';
import { badRequest } from '../server/refusals.ts';

const KEPT = 64;

/** What a continue token points into: the list as it was when its first page was read. */
export interface Snapshot {
  readonly version: number;
  readonly objects: readonly ApiObject[];
}

export interface Pages {
  remember(scope: string, snapshot: Snapshot): void;
  find(scope: string, version: number): readonly ApiObject[] | undefined;
  /** Every continue token given out so far is answered with 410 from now on. */
  expire(): void;
}

export function createPages(): Pages {
  const snapshots = new Map<string, readonly ApiObject[]>();
  return {
    remember(scope, { version, objects }) {
      const oldest = snapshots.keys().next().value;
      if (snapshots.size >= KEPT && oldest !== undefined) snapshots.delete(oldest);
      snapshots.set(`${scope}@${version}`, objects);
    },
    find: (scope, version) => snapshots.get(`${scope}@${version}`),
    expire: () => snapshots.clear(),
  };
}

export function encodeContinue(version: number, start: string): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: version, start: `${start}\u0000` })).toString(
    'base64url',
  );
}

export interface Continue {
  readonly version: number;
  /** The key of the last object of the page before. */
  readonly after: string;
}

export function decodeContinue(token: string): Continue {
  const text = Buffer.from(token, 'base64url').toString('latin1');
  try {
    const parsed: unknown = JSON.parse(text);
    const version = at(parsed, 'rv');
    const start = textAt(parsed, 'start');
    if (typeof version === 'number' && start !== '')
      return { version, after: start.replace(/^\//, '').replace(/\0$/, '') };
  } catch {
    // Refused below, like a token of another shape.
  }
  throw badRequest(
    `invalid continue token: continue key is not valid: invalid character '\\u${(text.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}' looking for beginning of value`,
  );
}

/** 410 that carries a token with which the list can go on, inconsistently. */
export function expired(after: string): Error {
  return refuse({
    code: 410,
    reason: 'Expired',
    message:
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    metadata: { continue: encodeContinue(-1, after) },
  });
}
