import { createHash } from 'node:crypto';
import {
  asTalonError,
  fit,
  TalonError,
  type Output,
  type StoredArtifact,
  type TObject,
  type Uses,
} from '@falco-talon/core';
import type { RunOptions } from './attempt.ts';
import { openClients } from './clients.ts';
import { issueText } from './issue-text.ts';
import { testScope, type LogLine } from './scope.ts';
import { thrownWhile, timeLimit } from './time-limit.ts';

export interface StoredArtifactOptions {
  readonly key?: string;
  readonly name?: string;
  readonly mediaType?: string;
  /** Bytes given out at a time. */
  readonly chunkSize?: number;
  /** The source fails after so many bytes. */
  readonly failAfter?: number;
  /** The source says nothing more, ever, after so many bytes. */
  readonly hangAfter?: number;
  /** What the spool claims, when it is not the truth. */
  readonly sha256?: string;
}

/** An artifact as the spool hands it to an output. */
export function storedArtifact(body: Uint8Array, options: StoredArtifactOptions = {}): StoredArtifact {
  return {
    key: options.key ?? '2026-01-02T03-04-05Z_shop_cart-x2x9z_log',
    name: options.name ?? 'log',
    mediaType: options.mediaType ?? 'text/plain',
    bytes: body.length,
    sha256: options.sha256 ?? createHash('sha256').update(body).digest('hex'),
    truncated: false,
    open: () => chunks(body, options),
  };
}

async function* chunks(body: Uint8Array, options: StoredArtifactOptions): AsyncGenerator<Uint8Array> {
  const { chunkSize = 16 * 1024, failAfter = Infinity, hangAfter = Infinity } = options;
  for (let from = 0; ; from += chunkSize) {
    const to = Math.min(from + chunkSize, failAfter, hangAfter);
    if (from < body.length) yield body.subarray(from, to);
    if (to === failAfter) throw new Error('the spool cannot be read');
    if (to === hangAfter) await new Promise<never>(() => {});
    if (to >= body.length) return;
  }
}

export interface OutputRunOptions<U extends Uses = Uses> extends Pick<
  RunOptions<U>,
  'parameters' | 'settings' | 'environment' | 'clients' | 'signal' | 'now'
> {
  readonly artifact?: StoredArtifact;
}

export interface OutputOutcome {
  readonly status: 'success' | 'failure';
  readonly message: string;
  readonly objects: Readonly<Record<string, string>>;
  readonly error: TalonError | undefined;
  readonly lines: readonly LogLine[];
}

/**
 * Stores one artifact as the engine would, in one attempt.
 * @throws TalonError `invalid_rules` or `invalid_config` when parameters or settings do not fit
 */
export async function runOutput<P extends TObject, U extends Uses>(
  output: Output<P, U>,
  options: OutputRunOptions<U> = {},
): Promise<OutputOutcome> {
  const { value: parameters, issues } = fit(output.parameters, options.parameters ?? {});
  const all = issues.length > 0 ? issues : (output.validate?.(parameters) ?? []);
  if (all.length > 0) throw new TalonError('invalid_rules', `parameters of ${output.name}: ${issueText(all)}`);
  const limit = timeLimit(output.timeLimit?.(parameters) ?? 60_000, options.signal);
  const scope = testScope({ signal: limit.signal, ...(options.now === undefined ? {} : { now: options.now }) });
  const open = await openClients<U>(output.uses, {
    settings: options.settings ?? {},
    fakes: options.clients ?? {},
    ...(options.environment === undefined ? {} : { environment: options.environment }),
  });
  try {
    limit.signal.throwIfAborted();
    const artifact = options.artifact ?? storedArtifact(Buffer.from('hello\n'));
    const { message, objects } = await output.store({ ...scope, parameters, clients: open.clients, artifact });
    return { status: 'success', message, objects, error: undefined, lines: scope.lines };
  } catch (thrown) {
    const error = thrownWhile(limit.signal, thrown, asTalonError);
    return { status: 'failure', message: error.message, objects: {}, error, lines: scope.lines };
  } finally {
    limit.end();
    await open.close();
  }
}
