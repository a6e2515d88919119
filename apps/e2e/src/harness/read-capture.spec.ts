import { expect, it } from 'vitest';
import { readCapture } from './read-capture.ts';

function capture(write: 'LE' | 'BE', ...packets: readonly number[]): Buffer {
  const word = (value: number) => {
    const bytes = Buffer.alloc(4);
    if (write === 'LE') bytes.writeUInt32LE(value);
    else bytes.writeUInt32BE(value);
    return bytes;
  };
  const head = [word(0xa1b2c3d4), Buffer.alloc(12), word(96), word(1)];
  return Buffer.concat([
    ...head,
    ...packets.flatMap((length) => [word(0), word(0), word(length), word(length), Buffer.alloc(length)]),
  ]);
}

it.each(['LE', 'BE'] as const)('counts the packets of a %s capture', (order) => {
  expect(readCapture(capture(order, 60, 0, 96))).toEqual({ snapLength: 96, packets: 3, rest: 0 });
  expect(readCapture(capture(order))).toEqual({ snapLength: 96, packets: 0, rest: 0 });
});

it('tells how many bytes are no whole packet', () => {
  expect(readCapture(capture('LE', 60, 60).subarray(0, -1))).toEqual({ snapLength: 96, packets: 1, rest: 75 });
});

it('refuses what is no capture', () => {
  expect(() => readCapture(Buffer.from('tcpdump: you do not have permission'))).toThrow('no capture');
  expect(() => readCapture(Buffer.alloc(3))).toThrow('3');
});
