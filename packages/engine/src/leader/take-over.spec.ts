import { TalonError, type Entry } from '@falco-talon/core';
import { expect, it } from 'vitest';
import { writeHandover } from './handover-body.ts';
import { seal } from './seal.ts';
import type { HandoverAnswer } from './hand-over.ts';
import { message, NOW, receiving, replicaNamed, type Named } from './testing-leader.ts';

const [own, other, stranger] = ['one', 'two', 'three'].map(replicaNamed) as [Named, Named, Named];
const BODY = writeHandover(message(), [], 1);
const sealed = (body: Uint8Array = BODY, changes: Partial<Parameters<typeof seal>[1]> = {}) =>
  seal(body, { from: 'two', to: 'one', now: NOW, key: other.privateKey, ...changes });

/** As the server does: the seal first, then the body. */
async function hand(to: ReturnType<typeof receiving>, text: string | undefined, body: Uint8Array = BODY) {
  const admitted = await to.takeOver.admit(text);
  return 'accept' in admitted ? admitted.accept(body) : admitted;
}

it('a handover of a known replica is in the queue, with its journal, once it is answered', async () => {
  const one = receiving(own, [other]);
  const journal: Entry[] = [{ step: 's', kind: 'intent', data: { facts: { uid: 'u' } } }];
  const body = writeHandover(message(), journal, 1);
  expect(await hand(one, sealed(body), body)).toEqual({ status: 200, code: 'accepted' });
  expect(one.published).toMatchObject([{ id: 'alert-1', key: 'pod shop/cart', journal }]);
  expect(Buffer.from(one.published[0]!.body).toString()).toBe('{"rule":"x"}');
});

it('the same one again, replayed or sent again, changes nothing', async () => {
  const one = receiving(own, [other]);
  const text = sealed();
  expect(await hand(one, text)).toEqual({ status: 200, code: 'accepted' });
  expect(await hand(one, text)).toEqual({ status: 200, code: 'duplicate' });
  expect(await hand(one, sealed())).toEqual({ status: 200, code: 'duplicate' });
  expect(one.published).toHaveLength(1);
});

const good = sealed();
it.each<[string, string | undefined, string]>([
  ['none', undefined, 'seal_malformed'],
  ['nothing', '', 'seal_malformed'],
  ['garbage', '\u0000\uFFFF=,=', 'seal_malformed'],
  ['truncated', good.slice(0, -1), 'seal_malformed'],
  ['one and more', `${good}, ${good}`, 'seal_malformed'],
  ['huge', `${good}${'='.repeat(100_000)}`, 'seal_malformed'],
  ['a name that is no name', good.replace('from=two', 'from=../two'), 'seal_malformed'],
  ['a time beyond all', good.replace(/t=\d+/, `t=${'9'.repeat(40)}`), 'seal_malformed'],
  ['for another replica', sealed(BODY, { to: 'four' }), 'seal_for_another'],
  ['too old', sealed(BODY, { now: NOW - 60_001 }), 'seal_expired'],
  ['too early', sealed(BODY, { now: NOW + 60_001 }), 'seal_expired'],
  ['of an unknown sender', sealed(BODY, { from: 'three', key: stranger.privateKey }), 'seal_wrong'],
  ['of one that calls itself another', sealed(BODY, { key: stranger.privateKey }), 'seal_wrong'],
  ['of itself', sealed(BODY, { from: 'one', key: own.privateKey }), 'seal_wrong'],
  ['of a name everything has', sealed(BODY, { from: 'constructor' }), 'seal_wrong'],
  ['with another time', good.replace(/t=\d+/, `t=${NOW - 1}`), 'seal_wrong'],
  ['with another nonce', good.replace(/nonce=[0-9a-f]{32}/, `nonce=${'0'.repeat(32)}`), 'seal_wrong'],
  ['with another signature', good.replace(/v1=.{8}/, 'v1=AAAAAAAA'), 'seal_wrong'],
])('a seal that is wrong: %s', async (_, text, code) => {
  const one = receiving(own, [other, own]);
  expect(await one.takeOver.admit(text)).toEqual({ status: 401, code });
  expect(one.published).toEqual([]);
});

it('a key that is none, or of another kind, has signed nothing', async () => {
  for (const publicKey of ['', '?', 'AAAA'.repeat(15)]) {
    const one = receiving(own, [{ ...other, publicKey }]);
    expect(await one.takeOver.admit(sealed())).toEqual({ status: 401, code: 'seal_wrong' });
  }
});

it('another body than the sealed one is refused', async () => {
  const one = receiving(own, [other]);
  for (const body of [Buffer.alloc(0), BODY.subarray(1), Buffer.concat([BODY, Buffer.from(' ')])])
    expect(await hand(one, good, body)).toEqual({ status: 401, code: 'seal_wrong' });
  expect(one.published).toEqual([]);
});

it('a sealed body that is no handover is refused, and nothing of it is kept', async () => {
  const one = receiving(own, [other]);
  const whole = JSON.parse(BODY.toString()) as Record<string, unknown>;
  const record = { status: 'success', trace_id: 'b'.repeat(32) };
  const wrong = [
    '',
    '{',
    'null',
    '[]',
    '1',
    '"x"',
    '\uFFFF',
    ...Object.entries({
      id: 1,
      kind: null,
      key: 'x'.repeat(513),
      notBefore: 'soon',
      headers: [],
      body: 5,
      journal: {},
    }).map(([key, value]) => JSON.stringify({ ...whole, [key]: value })),
    JSON.stringify({ ...whole, headers: { hops: 1 } }),
    JSON.stringify({ ...whole, headers: Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`h${n}`, ''])) }),
    ...[
      [null],
      [{}],
      [{ step: 1, kind: 'plan' }],
      [{ step: '', kind: 'begun' }],
      [{ step: '', kind: '__proto__' }],
    ].map((journal) => JSON.stringify({ ...whole, journal })),
    // Of another alert: what was done about it was not done about this one.
    JSON.stringify({ ...whole, journal: [{ step: 's', kind: 'result', data: { record, artifacts: [] } }] }),
    JSON.stringify({ ...whole, journal: [{ step: 's', kind: 'delivered', data: { n: 0, record } }] }),
  ];
  for (const text of wrong) {
    const body = Buffer.from(text);
    expect(await hand(one, sealed(body), body), text).toEqual({ status: 400, code: 'malformed' });
  }
  expect(one.published).toEqual([]);
  expect(Object.keys(Object.prototype)).toEqual([]);
});

it('one that does not lead takes nothing', async () => {
  const one = receiving(own, [other]);
  one.become(false);
  expect(await hand(one, good)).toEqual({ status: 421, code: 'not_leading' });
  expect(one.published).toEqual([]);
});

it('what the queue refuses is not taken, and may be handed over again', async () => {
  const answers: HandoverAnswer[] = [];
  let full = true;
  const publish = async () => {
    if (full) throw new TalonError('queue_full', 'full', { retryable: true });
    return ['accepted' as const];
  };
  const one = receiving(own, [other], { queue: { publish } });
  answers.push(await hand(one, sealed()));
  full = false;
  answers.push(await hand(one, sealed()));
  expect(answers).toEqual([
    { status: 503, code: 'queue_full' },
    { status: 200, code: 'accepted' },
  ]);
});
