import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeDead, decodeJournal, decodeMessage } from './frame.ts';

const nonce = 'nonce-of-a-message';
const message = { id: 'a', kind: 'event', key: 'k', headers: { 'trace-id': 't' } };
const dead = { id: 'a', kind: 'event', key: 'k', reason: 'r', setAsideAt: 1, attempts: 1 };
const record = { writer: 'w', nonce, event: 1, state: 'open', attempt: 1, notBefore: 0, reason: '', at: 1 };
/** Deeper than JSON.stringify can go, which JSON.parse reads. */
const DEEP = 100_000;

/** As somebody else may write it: with this text in the place of `"HERE"`. */
function forged(meta: unknown, text: string): Uint8Array {
  const json = JSON.stringify(meta).replace('"HERE"', text);
  return Buffer.from(`1 ${crc32(json).toString(16).padStart(8, '0')} ${json.length}\n${json}`);
}

describe('what somebody else wrote', () => {
  it('is no journal when it is so deep that it could not be written again', () => {
    const deep = '['.repeat(DEEP) + ']'.repeat(DEEP);
    const journal = [{ step: 's', kind: 'intent', data: 'HERE' }];
    expect(decodeMessage(forged({ nonce, message: { ...message, journal } }, '{}'))).toBeDefined();
    expect(decodeMessage(forged({ nonce, message: { ...message, journal } }, deep))).toBeUndefined();
    expect(decodeJournal(forged({ ...record, entries: journal }, '{}'))).toBeDefined();
    expect(decodeJournal(forged({ ...record, entries: journal }, deep))).toBeUndefined();
    expect(decodeDead(forged({ ...dead, journal }, deep))).toBeUndefined();
  });

  it('brings no keys of its own into a message', () => {
    const more = { ...message, notBefore: 5, extra: 'HERE', dedup: { key: 'x', window: 1 } };
    const known = { ...message, notBefore: 5 };
    expect(decodeMessage(forged({ nonce, message: more }, '1'))?.message).toEqual({ ...known, body: new Uint8Array() });
    expect(decodeDead(forged({ ...dead, message: more }, '1'))?.dead.message).toEqual(known);
  });
});
