import type { Static, TObject } from 'typebox';
import type { Issue, KeptArtifact, Artifact, Permission } from './actionner.ts';
import type { Clients, Uses } from './client.ts';
import type { Scope } from './scope.ts';

export interface StoredArtifact extends Omit<Artifact, 'incomplete'>, KeptArtifact {
  /** Unique name in the destination, safe as one path segment. The same at every attempt. */
  readonly key: string;
  /** Reads the bytes from the start; may be called again for a retry. */
  open(): AsyncIterable<Uint8Array>;
}

export interface OutputInput<P, U extends Uses> extends Scope {
  readonly parameters: P;
  readonly clients: Clients<U>;
  readonly artifact: StoredArtifact;
}

export interface OutputResult {
  readonly message: string;
  /** Where it is: `{ file, destination }`, `{ bucket, prefix, key }`. */
  readonly objects: Readonly<Record<string, string>>;
}

/** Where artifacts go. `store` writes the whole artifact or nothing, and may be repeated with the same key. */
export interface Output<P extends TObject = TObject, U extends Uses = Uses> {
  readonly kind: 'output';
  readonly apiVersion: 1;
  /** The part after the category: `s3` in `aws:s3`. */
  readonly name: string;
  readonly description: string;
  readonly parameters: P;
  readonly uses?: U;
  readonly permissions: readonly Permission[];
  readonly examples: readonly [
    { readonly description: string; readonly parameters: Static<P> },
    ...{ readonly description: string; readonly parameters: Static<P> }[],
  ];
  /** Milliseconds for one attempt. Default 60 s. */
  timeLimit?(parameters: Static<P>): number;
  validate?(parameters: Static<P>): readonly Issue[];
  store(input: OutputInput<Static<P>, U>): Promise<OutputResult>;
}

export function defineOutput<const P extends TObject, const U extends Uses = {}>(
  definition: Omit<Output<P, U>, 'kind' | 'apiVersion'>,
): Output<P, U> {
  return { ...definition, kind: 'output', apiVersion: 1 };
}
