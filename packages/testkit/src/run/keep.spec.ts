import { expect, it } from 'vitest';
import { memoryKeeper } from './keep.ts';

const artifact = { name: 'a', mediaType: 'text/plain' };

it('rejects with the signal’s reason while a body says nothing', async () => {
  const controller = new AbortController();
  const { keep, artifacts } = memoryKeeper({ limit: 10, signal: controller.signal });
  const begun = Promise.withResolvers<void>();
  const kept = keep(
    artifact,
    (async function* () {
      yield Buffer.from('a');
      begun.resolve();
      await new Promise(() => {});
    })(),
  );
  await begun.promise;
  controller.abort(new Error('enough'));
  await expect(kept).rejects.toThrow('enough');
  expect(artifacts).toEqual([]);
});

it('stops reading at the limit, and lets the source clean up', async () => {
  let cleaned = false;
  const endless = (async function* () {
    try {
      for (;;) yield Buffer.alloc(4, 'x');
    } finally {
      cleaned = true;
    }
  })();
  const { keep, artifacts } = memoryKeeper({ limit: 10, signal: new AbortController().signal });
  expect(await keep(artifact, endless)).toMatchObject({ bytes: 10, truncated: true });
  expect(artifacts[0]?.body).toEqual(Buffer.alloc(10, 'x'));
  expect(cleaned).toBe(true);
});

it('is not fooled by a source that uses its buffer again', async () => {
  const buffer = Buffer.alloc(1);
  const { keep, artifacts } = memoryKeeper({ limit: 10, signal: new AbortController().signal });
  await keep(
    artifact,
    (async function* () {
      for (const letter of 'abc') {
        buffer.write(letter);
        yield buffer;
      }
    })(),
  );
  expect(Buffer.from(artifacts[0]!.body).toString()).toBe('abc');
});

it('does not call an artifact of exactly the limit truncated', async () => {
  const { keep } = memoryKeeper({ limit: 3, signal: new AbortController().signal });
  const body = (async function* () {
    yield Buffer.from('abc');
    yield Buffer.alloc(0);
  })();
  expect(await keep(artifact, body)).toMatchObject({ bytes: 3, truncated: false });
});

it('marks what its source calls incomplete', async () => {
  const { keep, artifacts } = memoryKeeper({ limit: 10, signal: new AbortController().signal });
  let broke = false;
  const body = (async function* () {
    yield Buffer.from('abc');
    broke = true;
  })();
  expect(await keep({ ...artifact, incomplete: () => broke }, body)).toMatchObject({ bytes: 3, truncated: true });
  expect(artifacts[0]).toEqual({ ...artifact, ...artifacts[0], truncated: true });
  expect(artifacts[0]).not.toHaveProperty('incomplete');
});
