import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json, JsonObject } from '../json.ts';

/** One exchange with a real API server, reduced to what has to be the same. A line of a `.jsonl` file beside this. */
export interface Exchange {
  /** What was recorded, by its name in the README. */
  readonly recording: string;
  /** Method and path. */
  readonly request: string;
  /** Content type, short for the patches. */
  readonly type?: string;
  readonly accept?: string;
  /** Who asks; default the administrator. */
  readonly as?: string;
  readonly send?: Json;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of a failure. */
  readonly reason?: string;
  readonly message?: string;
  readonly messageStarts?: string;
  readonly messageEnds?: string;
  readonly details?: JsonObject;
  readonly causes?: { readonly count: number; readonly first: JsonObject };
  readonly metadata?: readonly string[];
  /** A body that is no JSON. */
  readonly text?: string;
  /** Fields the answer has to have, among others. */
  readonly body?: JsonObject;
  /** The keys of the answer, in this order. */
  readonly keys?: readonly string[];
  /** Rows the lists of a discovery document have to hold. */
  readonly includes?: Readonly<Record<string, readonly Json[]>>;
  /** A row of an aggregated discovery document. */
  readonly row?: JsonObject;
  readonly list?: {
    readonly kind: string;
    readonly apiVersion: string;
    readonly metadata: readonly string[];
    readonly names: readonly string[];
    readonly itemKeys?: readonly string[];
  };
  readonly object?: {
    readonly kind: string;
    readonly apiVersion: string;
    readonly keys: readonly string[];
    /** In this order; annotations and managedFields are left out. */
    readonly metadataKeys: readonly string[];
    readonly metadata?: JsonObject;
    readonly spec?: JsonObject;
    readonly managers?: readonly JsonObject[];
  };
}

export function exchanges(file: string): readonly Exchange[] {
  const text = readFileSync(join(import.meta.dirname, `${file}.jsonl`), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Exchange);
}

export const CONTENT_TYPES: Readonly<Record<string, string>> = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  'json-patch': 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
};
