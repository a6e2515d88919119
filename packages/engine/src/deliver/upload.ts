import {
  asTalonError,
  errorText,
  TalonError,
  type FalcoEvent,
  type OutcomeRecord,
  type Scope,
} from '@falco-talon/core';
import { withRetry } from '../calls/retry.ts';
import type { Slots } from '../act/slots.ts';
import { announcedLimit, withTimeLimit } from '../calls/time-limit.ts';
import type { ClientLease } from '../clients/client-pool.ts';
import type { PlannedStep } from '../plan/plan.ts';
import { outputRecord } from '../record/outcome.ts';
import type { Registry } from '../registry/registry.ts';
import { objectKey } from './object-key.ts';
import type { Spool, SpooledArtifact } from './spool.ts';

/** With the backoff between them they outlast a service that is away for a minute. */
const ATTEMPTS = 15;
const DEFAULT_LIMIT = 60_000;

export interface UploadDeps {
  /** Uploads at a time; the oldest artifact goes first, and backoff holds none. */
  readonly uploadSlots: Slots;
  readonly registry: Registry;
  readonly spool: Spool;
  readonly scope: Scope;
}

/**
 * Stores one artifact of a step where the rule says; the caller lets go of the file once that is journalled. A failed
 * upload loses no evidence: the bytes stay in the spool and the record says where.
 * @throws TalonError `aborted` only
 */
export async function upload(
  event: FalcoEvent,
  step: PlannedStep,
  artifact: SpooledArtifact,
  objects: Readonly<Record<string, string>>,
  lease: ClientLease,
  { registry, spool, scope, uploadSlots }: UploadDeps,
): Promise<OutcomeRecord> {
  const target = step.output;
  try {
    const output = target && registry.outputs.get(target.target)?.part;
    if (!output) throw new TalonError('invalid_rules', `output ${target?.target ?? ''} is not loaded any more`);
    const limit = announcedLimit(output.timeLimit?.(target.parameters)) ?? DEFAULT_LIMIT;
    const { name, mediaType, bytes, sha256, truncated } = artifact;
    const key = objectKey(artifact.keptAt, objects, artifact);
    const stored = await withRetry(ATTEMPTS, scope.signal, async () => {
      const release = await uploadSlots.take({ severity: 0, age: artifact.keptAt }, scope.signal);
      try {
        return await withTimeLimit(`output ${target.target}`, limit, scope.signal, async (signal) =>
          output.store({
            ...scope,
            signal,
            clients: await lease.all(output.uses ?? {}),
            parameters: target.parameters,
            artifact: { key, name, mediaType, bytes, sha256, truncated, open: () => spool.open(artifact) },
          }),
        );
      } finally {
        release();
      }
    });
    return outputRecord(event, step, stored, { artifact, about: objects }, scope.now());
  } catch (thrown) {
    const error = asTalonError(thrown);
    if (scope.signal.aborted) throw error;
    const kept = new TalonError(error.code, `${error.message}; the artifact stays in the spool as ${artifact.file}`, {
      cause: error,
    });
    return outputRecord(event, step, { error: kept }, { artifact, about: objects }, scope.now());
  }
}

/** The artifact is where the rule wanted it. A file that cannot be removed takes up room, nothing more. */
export async function letGo(artifact: SpooledArtifact, { spool, scope }: UploadDeps): Promise<void> {
  try {
    await spool.remove(artifact);
  } catch (error) {
    scope.logger.warn('artifact stays in the spool although it is stored', {
      file: artifact.file,
      error: errorText(error),
    });
  }
}
