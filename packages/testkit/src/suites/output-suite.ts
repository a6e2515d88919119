import { randomBytes } from 'node:crypto';
import { errorText, fit, type Output, type StoredArtifact, type TObject, type Uses } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { runOutput, storedArtifact, type OutputOutcome, type OutputRunOptions } from '../run/run-output.ts';
import { activeResources, grownResources } from './active-resources.ts';
import { expectAborted } from './expect-aborted.ts';
import { settledAfterAbort, type HangOption } from './hang.ts';
import { PART_NAME, permissionProblems } from './part-problems.ts';
import { schemaProblems } from './schema-problems.ts';

export interface OutputSuiteOptions<U extends Uses = Uses> {
  /** Parameters that work in the test's world; laid over those of the examples. Asked after `prepare`. */
  readonly parameters: () => Readonly<Record<string, unknown>>;
  readonly settings?: () => Readonly<Record<string, unknown>>;
  readonly clients?: OutputRunOptions<U>['clients'];
  /** Empties the destination. Called before every test. */
  readonly prepare?: () => unknown;
  /** Everything in the destination, by key, whole or not. */
  readonly stored: () => Promise<Readonly<Record<string, Uint8Array>>>;
  /** Makes the service accept requests without answering; `false` when there is no service. */
  readonly hang: HangOption;
}

/** The conformance suite of outputs. */
export function testOutput<P extends TObject, U extends Uses>(
  output: Output<P, U>,
  options: OutputSuiteOptions<U>,
): void {
  async function begin(): Promise<(artifact: StoredArtifact, more?: OutputRunOptions<U>) => Promise<OutputOutcome>> {
    await options.prepare?.();
    const given: OutputRunOptions<U> = {
      parameters: { ...output.examples[0].parameters, ...options.parameters() },
      ...(options.settings ? { settings: options.settings() } : {}),
      ...(options.clients ? { clients: options.clients } : {}),
    };
    return (artifact, more) => runOutput(output, { ...given, ...more, artifact });
  }
  const one = (bytes: Uint8Array, key = 'one') => storedArtifact(bytes, { key });
  const stored = async () => await options.stored();
  const body = Buffer.from('evidence');

  describe(`output ${output.name} conforms`, () => {
    it('has a name, a description and permissions', () => {
      expect(output.name).toMatch(PART_NAME);
      expect(output.description.trim()).not.toBe('');
      expect(permissionProblems(output)).toEqual([]);
    });

    it('takes only parameters it knows, describes each, and has defaults that fit', () => {
      expect(schemaProblems(output.parameters)).toEqual([]);
    });

    it('has examples that fit and work', async () => {
      for (const { description, parameters } of output.examples) {
        const { value, issues } = fit(output.parameters, parameters);
        expect(issues, description).toEqual([]);
        expect(output.validate?.(value) ?? [], description).toEqual([]);
        const store = await begin();
        expectStored(await store(one(body), { parameters: { ...parameters, ...options.parameters() } }));
      }
    });

    it('stores every byte, none, and more than one chunk', async () => {
      for (const bytes of [body, Buffer.alloc(0), randomBytes(3 * 1024 * 1024 + 1)]) {
        const store = await begin();
        expectStored(await store(one(bytes)));
        const found = Object.values(await stored());
        expect(found).toHaveLength(1);
        expect(Buffer.compare(found[0]!, bytes), 'other bytes were stored').toBe(0);
      }
    });

    it('stores the same key again over itself, and another key beside it', async () => {
      const store = await begin();
      const first = expectStored(await store(one(body)));
      expect(expectStored(await store(one(body))).objects).toEqual(first.objects);
      expect(Object.keys(await stored())).toHaveLength(1);
      expectStored(await store(one(body, 'two')));
      expect(Object.keys(await stored())).toHaveLength(2);
    });

    it('stores nothing when the artifact cannot be read to its end', async () => {
      const store = await begin();
      const outcome = await store(storedArtifact(randomBytes(100_000), { key: 'one', failAfter: 60_000 }));
      expect(outcome.status).toBe('failure');
      expect(await stored()).toEqual({});
    });

    it('stores nothing when it is aborted before it starts', async () => {
      const store = await begin();
      expectAborted(await store(one(body), { signal: AbortSignal.abort() }));
      expect(await stored()).toEqual({});
    });

    it('stops within 100 ms of the abort when the artifact hangs, and stores nothing', async () => {
      const store = await begin();
      const artifact = storedArtifact(randomBytes(100_000), { key: 'one', hangAfter: 60_000 });
      const reading = Promise.withResolvers<void>();
      const watched = {
        ...artifact,
        open() {
          reading.resolve();
          return artifact.open();
        },
      };
      const settled = await settledAfterAbort(
        () => ({ reached: reading.promise, release: () => {} }),
        (signal) => store(watched, { signal }),
      );
      expectAborted(settled);
      expect(await stored()).toEqual({});
    });

    if (options.hang) {
      const hang = options.hang;
      it('stops within 100 ms of the abort when the service hangs', async () => {
        const store = await begin();
        expectAborted(await settledAfterAbort(hang, (signal) => store(one(body), { signal })));
      });
    }

    it('leaves no socket, timer or file open behind', async () => {
      const once = async () => {
        const store = await begin();
        await store(one(body));
        await store(storedArtifact(body, { key: 'one', failAfter: 1 }));
      };
      await once();
      const before = activeResources();
      for (let count = 0; count < 3; count++) await once();
      expect(await grownResources(before)).toEqual({});
    });
  });
}

function expectStored(outcome: OutputOutcome): OutputOutcome {
  expect(outcome.error, errorText(outcome.error)).toBeUndefined();
  expect(outcome.message.trim()).not.toBe('');
  expect(Object.keys(outcome.objects)).not.toHaveLength(0);
  for (const text of Object.values(outcome.objects)) expect(typeof text).toBe('string');
  return outcome;
}
