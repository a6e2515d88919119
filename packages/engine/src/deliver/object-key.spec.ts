import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { objectKey } from './object-key.ts';

const at = Date.UTC(2026, 0, 2, 3, 4, 5, 999);
const pod = { namespace: 'shop', pod: 'cart-x2x9z' };
const key = (name: string, objects: Readonly<Record<string, string>> = pod, file = 'file') =>
  objectKey(at, objects, { name, file });
/** One segment of a path that no file system, bucket or shell takes amiss. */
const SAFE = /^2026-01-02T03-04-05Z(_[A-Za-z0-9.=_-]*)?$/;

describe('objectKey', () => {
  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['namespace and pod', pod, '2026-01-02T03-04-05Z_shop_cart-x2x9z_dump_'],
    ['else the host', { hostname: 'node-7', zone: 'a' }, '2026-01-02T03-04-05Z_node-7_dump_'],
    ['else the values in the order of their keys', { b: 'two', a: 'one' }, '2026-01-02T03-04-05Z_one_two_dump_'],
    ['without the file, which the name says', { file: '/etc/x', a: 'one' }, '2026-01-02T03-04-05Z_one_dump_'],
    ['nothing', {}, '2026-01-02T03-04-05Z_dump_'],
  ])('names time, then %s, then what', (_, objects, start) => {
    expect(key('dump.pcap.gz', objects)).toMatch(new RegExp(`^${start}[0-9a-f]{8}\\.pcap\\.gz$`));
  });

  it('is UTC and ends with the suffix when there is no extension', () =>
    expect(key('log')).toMatch(/_log_[0-9a-f]{8}$/));

  it('turns / of a path into _', () =>
    expect(key('/var/log/app.log')).toMatch(/_cart-x2x9z__var_log_app_[0-9a-f]{8}\.log$/));

  it('differs for every artifact and is the same at every attempt', () => {
    expect(key('log', pod, 'a')).toBe(key('log', pod, 'a'));
    expect(key('log', pod, 'a')).not.toBe(key('log', pod, 'b'));
    expect(key('a/b', pod, 'a')).not.toBe(key('a_b', pod, 'b'));
  });

  it.each([
    '../../etc/x',
    '/etc/shadow',
    '..\\..\\x',
    'a\0b',
    '.',
    '..',
    '...',
    '',
    '-rf',
    '.hidden',
    'x'.repeat(4096),
    `${'../'.repeat(2000)}.tar.gz`,
    '\u202Egnp.exe',
    'é😀',
    '$(reboot)',
    'a\'b"c`d',
    'a\nb',
    '%2e%2e%2f',
    'CON',
    'a:b',
    'a?b#c',
    '.a.b.c.d',
    'x.tar.gz/../../y',
  ])('makes one safe segment of %j', (name) => {
    const made = key(name, { namespace: name || 'n', pod: name || 'p' });
    expect(made).toMatch(SAFE);
    expect(made.length).toBeLessThanOrEqual(239);
  });

  it('makes one safe segment of anything', () => {
    const objects = fc.dictionary(fc.string(), fc.string({ unit: 'binary', maxLength: 40 }), { maxKeys: 4 });
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), objects, fc.string(), (name, given, file) => {
        const made = key(name, given, file);
        return SAFE.test(made) && made.length <= 239 && /_[0-9a-f]{8}(\.[A-Za-z0-9]{1,8}){0,2}$/.test(made);
      }),
    );
  });

  it('cuts a name of a megabyte in no time', () => expect(key('.a'.repeat(500_000)).length).toBeLessThan(240));
});
