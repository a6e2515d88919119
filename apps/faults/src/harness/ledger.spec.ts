import { expect, it } from 'vitest';
import { account, sayAccount, type Evidence } from './ledger.ts';
import type { LogLine } from './log-lines.ts';
import type { Sent } from './sender.ts';

function sent(traceId: string, more: Partial<Sent> = {}): Sent {
  return { n: 0, traceId, at: 0, due: 0, outcome: 'accepted', took: 1, status: 202, said: 'id', ...more };
}

function line(trace: string, more: Partial<LogLine> = {}): LogLine {
  const action = { message: 'action', rule: 'r', action: 'a', status: 'success' };
  return { level: 'info', time: '', trace_id: trace, ...action, ...more };
}

const dead = (trace: string) => line(trace, { message: 'event set aside', reason: 'attempts used up' });

function of(evidence: Partial<Evidence>) {
  return account({ sent: [], lines: [], ...evidence });
}

it('explains each accepted alert by exactly one end', async () => {
  const result = await of({
    sent: ['done', 'failed', 'dead', 'original', 'waiting', 'seen']
      .map((trace) => sent(trace))
      .concat([
        sent('copy', { copyOf: 'original' }),
        sent('never', { outcome: 'refused', status: 503, said: 'busy' }),
        sent('lost', { outcome: 'lost' }),
        sent('kept', { outcome: 'lost' }),
        sent('early', { outcome: 'unsent' }),
      ]),
    lines: [line('done'), line('failed', { status: 'failure' }), dead('dead'), line('original'), line('kept')],
    queued: 1,
    hasEffect: ({ traceId }) => traceId === 'seen',
    killed: true,
  });
  expect(result).toMatchObject({
    accepted: 7,
    done: 3,
    doneByEffect: 1,
    failed: 1,
    dead: 1,
    deduplicated: 1,
    queued: 1,
  });
  expect(result).toMatchObject({ lost: 2, lostButStored: 1, unsent: 1, unexplained: [], repeated: [] });
  expect(Object.fromEntries(result.refused)).toEqual({ '503 busy': 1 });
});

it('names an accepted alert of which nothing tells', async () => {
  const lines = [line('one'), line('half', { message: 'match' }), line('begun', { status: 'in_progress' })];
  const result = await of({ sent: ['one', 'gone', 'half', 'begun'].map((trace) => sent(trace)), lines });
  expect(result.unexplained).toEqual(['gone', 'half', 'begun']);
});

it('takes no effect for an end where nothing was killed', async () => {
  const evidence = { sent: [sent('seen')], hasEffect: () => true };
  expect(await of(evidence)).toMatchObject({ done: 0, unexplained: ['seen'] });
  expect(await of({ ...evidence, killed: true })).toMatchObject({ done: 1, unexplained: [] });
});

it('knows no alert as queued that the queue does not have', async () => {
  const two = ['a', 'b'].map((trace) => sent(trace));
  expect((await of({ sent: two, queued: 1 })).unexplained).toEqual(['a', 'b']);
  expect((await of({ sent: two, queued: 2 })).unexplained).toEqual([]);
});

it('counts apart what the scenario broke, unless something tells of it', async () => {
  const three = ['gone', 'set aside', 'other'].map((trace) => sent(trace));
  const broken = new Set(['gone', 'set aside']);
  const isDamaged = ({ traceId }: Sent) => broken.has(traceId);
  const result = await of({ sent: three, lines: [dead('set aside')], isDamaged });
  expect(result).toMatchObject({ accepted: 3, dead: 1, damaged: 1, queued: 0, unexplained: ['other'] });
});

it('takes no copy for a duplicate when what it repeats was not stored either', async () => {
  const copies = [sent('original', { outcome: 'lost' }), sent('copy', { copyOf: 'original' })];
  expect((await of({ sent: copies })).unexplained).toEqual(['copy']);
  const third = sent('third', { copyOf: 'original' });
  expect(await of({ sent: [...copies, third], lines: [line('copy')] })).toMatchObject({ done: 1, deduplicated: 1 });
});

it('takes either of two equal alerts for the duplicate, but not both', async () => {
  const both = ['one', 'two'].map((trace) => sent(trace, { copyOf: 'one' }));
  const handedOver = line('one', { message: 'alert handed over' });
  expect(await of({ sent: both, lines: [handedOver, line('two')] })).toMatchObject({ done: 1, deduplicated: 1 });
  const neither = await of({ sent: both, lines: [handedOver], hasEffect: () => true });
  expect(neither.unexplained).toEqual(['one', 'two']);
});

it('takes a letter that was put back for what came of it then', async () => {
  const lines = ['back', 'again', 'rests'].flatMap((trace) => [dead(trace), line(trace, { status: 'failure' })]);
  lines.push(
    line('back', { status: 'in_progress' }),
    line('back'),
    line('again', { status: 'in_progress' }),
    dead('again'),
  );
  const all = await of({ sent: ['back', 'again', 'rests'].map((trace) => sent(trace)), lines });
  expect(all).toMatchObject({ done: 1, dead: 2, repeated: [] });
});

it('misses one of several steps', async () => {
  const lines = [line('whole'), line('whole', { action: 'b' }), line('part')];
  const result = await of({ sent: ['whole', 'part'].map((trace) => sent(trace)), lines, steps: 2 });
  expect(result).toMatchObject({ done: 1, unexplained: ['part'] });
});

it('names an action that ended twice', async () => {
  const result = await of({ sent: [sent('twice')], lines: [line('twice'), line('twice')] });
  expect(result).toMatchObject({ done: 1, repeated: ['twice r a'] });
});

it('fails the scenario that has lost one', async () => {
  const held: boolean[] = [];
  const run = { say: () => {}, expect: (_: string, holds: boolean) => void held.push(holds) };
  sayAccount(run, await of({ sent: [sent('done')], lines: [line('done')] }));
  sayAccount(run, await of({ sent: [sent('gone')] }));
  expect(held).toEqual([true, false]);
});
