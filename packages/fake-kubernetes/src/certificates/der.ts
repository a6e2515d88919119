/** The few ASN.1 values a certificate is made of, encoded as DER (ITU-T X.690). */

function encode(tag: number, content: Uint8Array): Buffer {
  const length = content.length;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest >>= 8) bytes.unshift(rest & 0xff);
  return Buffer.concat([Buffer.from([tag, 0x80 | bytes.length, ...bytes]), content]);
}

export const sequence = (...items: readonly Uint8Array[]): Buffer => encode(0x30, Buffer.concat(items));
export const set = (...items: readonly Uint8Array[]): Buffer => encode(0x31, Buffer.concat(items));
export const octets = (content: Uint8Array): Buffer => encode(0x04, content);
export const bits = (content: Uint8Array, unused = 0): Buffer =>
  encode(0x03, Buffer.concat([Buffer.from([unused]), content]));
export const utf8 = (text: string): Buffer => encode(0x0c, Buffer.from(text));
export const boolean = (value: boolean): Buffer => encode(0x01, Buffer.from([value ? 0xff : 0]));
/** `YYMMDDHHMMSSZ`; years 1950 to 2049. */
export const utcTime = (text: string): Buffer => encode(0x17, Buffer.from(text));
export const explicit = (number: number, content: Uint8Array): Buffer => encode(0xa0 | number, content);
export const implicit = (number: number, content: Uint8Array): Buffer => encode(0x80 | number, content);

/** A positive integer given as big-endian bytes. */
export function integer(content: Uint8Array): Buffer {
  const positive = (content[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), content]) : content;
  return encode(0x02, positive);
}

/** A dotted object identifier. */
export function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const chunk = [part & 0x7f];
    for (let left = part >>> 7; left > 0; left >>>= 7) chunk.unshift((left & 0x7f) | 0x80);
    bytes.push(...chunk);
  }
  return encode(0x06, Buffer.from(bytes));
}
