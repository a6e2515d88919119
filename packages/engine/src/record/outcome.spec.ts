import { TalonError, type Result } from '@falco-talon/core';
import { falcoEvent, TEST_TIME } from '@falco-talon/testkit';
import { describe, expect, it } from 'vitest';
import { STEP } from '../act/testing-step.ts';
import { actionRecord, failureOf, outputRecord, successOf, type Outcome } from './outcome.ts';

const event = falcoEvent({ output: 'A shell', priority: 'Notice' });
const step = { ...STEP, actionner: 'kubernetes:label', contexts: ['aws', 'k8snode'] };
const artifact = {
  name: 'log',
  mediaType: 'text/plain',
  file: 'f',
  bytes: 5,
  sha256: 'abc',
  truncated: false,
  keptAt: 0,
};
const ok: Outcome = { status: 'success', message: 'labelled', objects: { pod: 'cart' }, artifacts: [] };

describe('actionRecord', () => {
  it('says what was done', () => {
    expect(actionRecord(event, { ...step, ruleSet: 'v1' }, { ...ok, output: 'printed' }, TEST_TIME)).toEqual({
      time: '2026-01-02T03:04:05.678Z',
      trace_id: event.traceId,
      rule: 'rule',
      rules_version: 'v1',
      event: 'A shell',
      priority: 'Notice',
      source: 'syscall',
      actionner: 'kubernetes:label',
      action: 'action',
      category: 'kubernetes',
      message: 'action',
      stage: 'action',
      status: 'success',
      objects: { pod: 'cart' },
      result: 'labelled',
      output: 'printed',
      context: 'aws,k8snode',
    });
  });

  it('leaves empty keys out', () => {
    const bare = falcoEvent({ priority: '', output: '' });
    const record = actionRecord(
      bare,
      { ...step, contexts: [] },
      { ...ok, message: '', objects: {}, output: '' },
      TEST_TIME,
    );
    expect(Object.keys(record).toSorted()).toEqual([
      'action',
      'actionner',
      'category',
      'event',
      'message',
      'rule',
      'source',
      'stage',
      'status',
      'time',
      'trace_id',
    ]);
    expect(record.event).toBe(bare.rule);
  });

  it('carries the reason of a failure', () => {
    const record = actionRecord(
      event,
      step,
      failureOf(new TalonError('forbidden', 'no right'), { pod: 'cart' }),
      TEST_TIME,
    );
    expect(record).toMatchObject({ status: 'failure', error: 'no right', objects: { pod: 'cart' } });
    expect(record).not.toHaveProperty('result');
  });

  it('cuts what is too long and says how much', () => {
    const long = 'x'.repeat(1_000_000);
    const hostile = falcoEvent({ output: long, priority: long, source: long });
    const objects = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`${i}`, long]));
    const record = actionRecord(
      hostile,
      step,
      { ...ok, message: long, output: long, objects, error: new TalonError('conflict', long) },
      TEST_TIME,
    );
    expect(record.output).toBe(`${'x'.repeat(65_536)}… (934464 characters cut)`);
    expect(record.result).toBe(`${'x'.repeat(4096)}… (995904 characters cut)`);
    expect(record.error).toHaveLength(record.result!.length);
    expect(record.event.length).toBeLessThan(17_000);
    expect(record.priority!.length + record.source!.length).toBeLessThan(700);
    expect(Object.keys(record.objects!)).toHaveLength(64);
    expect(JSON.stringify(record).length).toBeLessThan(400_000);
  });

  it('holds no half of a surrogate pair, sent or cut', () => {
    const message = `${'x'.repeat(4095)}😀`;
    const record = actionRecord(
      falcoEvent({ output: 'a\ud800b' }),
      step,
      { ...ok, message, objects: { pod: '\udfff' } },
      TEST_TIME,
    );
    expect(record.event).toBe('a\uFFFDb');
    for (const text of [record.event, record.result!, record.objects!['pod']!]) expect(text.isWellFormed()).toBe(true);
  });
});

describe('outputRecord', () => {
  const withOutput = { ...step, output: { target: 'aws:s3', parameters: {} } };

  it('names what the action was about, place, size and hash', () => {
    const record = outputRecord(
      event,
      withOutput,
      { message: 'stored', objects: { bucket: 'b', bytes: 'lie' } },
      { artifact, about: { pod: 'cart', namespace: 'shop' } },
      TEST_TIME,
    );
    expect(record).toMatchObject({
      message: 'output',
      stage: 'output',
      status: 'success',
      output_target: 'aws:s3',
      result: 'stored',
    });
    expect(record.objects).toEqual({ pod: 'cart', namespace: 'shop', bucket: 'b', bytes: '5', sha256: 'abc' });
  });

  it('names size and hash of what could not be stored, and that it was cut', () => {
    const record = outputRecord(
      event,
      step,
      { error: new TalonError('forbidden', 'no') },
      { artifact: { ...artifact, truncated: true }, about: { pod: 'cart' } },
      TEST_TIME,
    );
    expect(record).toMatchObject({
      status: 'failure',
      error: 'no',
      objects: { pod: 'cart', bytes: '5', sha256: 'abc', truncated: 'true' },
    });
    expect(record).not.toHaveProperty('output_target');
  });
});

describe('successOf', () => {
  const result: Result = { status: 'ignored', message: 'm', objects: { pod: 'p' }, output: 'o' };

  it('takes over what the actionner says, and the target when it names no objects', () => {
    expect(successOf(result, { pod: 'target' }, [artifact])).toEqual({ ...result, artifacts: [artifact] });
    expect(successOf({ status: 'success', message: 'm' }, { pod: 'target' }, [])).toMatchObject({
      objects: { pod: 'target' },
    });
  });

  it('makes texts of what is none', () => {
    const odd = { status: 'success', message: undefined, objects: { n: 1n }, output: 5 } as unknown as Result;
    expect(successOf(odd, {}, [])).toMatchObject({ message: '', objects: { n: '1' }, output: '5' });
  });

  it.each([undefined, null, 'success', {}, { status: 'dry_run' }])('refuses %j', (value) => {
    expect(() => successOf(value as never, {}, [])).toThrow(expect.objectContaining({ code: 'plugin_failed' }));
  });
});
