import { expect, it } from 'vitest';
import { createBodyStream } from './body-stream.ts';

it('stops its source while the reader is behind, and lets it go on when the reader has caught up', async () => {
  const said: string[] = [];
  const stream = createBodyStream({
    pause: () => said.push('pause'),
    resume: () => said.push('resume'),
    abort: () => said.push('abort'),
    silence: 60_000,
    onSilence: () => said.push('silence'),
  });
  for (let n = 0; n < 4; n++) stream.push(Buffer.alloc(64 * 1024));
  expect(said).toEqual(['pause']);
  const reader = stream.read();
  await reader.next();
  expect(said).toEqual(['pause']);
  await reader.next();
  await reader.next();
  expect(said).toEqual(['pause', 'resume']);
  stream.end();
  await reader.next();
  expect(await reader.next()).toEqual({ done: true, value: undefined });
  expect(said).toEqual(['pause', 'resume']);
});

it('gives out what came before the connection broke, but nothing after an abort', async () => {
  const source = { pause() {}, resume() {}, abort() {}, silence: 60_000, onSilence() {} };
  for (const [lost, count] of [
    ['network', 1],
    ['aborted', 0],
  ] as const) {
    const stream = createBodyStream(source);
    stream.push(Buffer.from('x'));
    stream.fail({ lost, sent: true, text: '' });
    const reader = stream.read();
    for (let n = 0; n < count; n++) expect((await reader.next()).value).toEqual(Buffer.from('x'));
    expect(await reader.next()).toMatchObject({ done: true, value: { lost } });
  }
});

it('counts more than the bytes: a flood of tiny chunks stops its source, too', () => {
  let paused = 0;
  const stream = createBodyStream({ pause: () => paused++, resume() {}, abort() {} });
  for (let n = 0; n < 2_000; n++) stream.push(Buffer.from('x'));
  expect(paused).toBe(1);
});
