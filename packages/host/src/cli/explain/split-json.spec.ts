import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALERT_LIMIT, splitJson } from './split-json.ts';

async function* chunked(text: string, size: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}

async function split(text: string, size = 3) {
  const pieces = [];
  for await (const piece of splitJson(chunked(text, size))) pieces.push(piece);
  return pieces;
}

const texts = async (text: string, size?: number) => (await split(text, size)).map((piece) => piece.text);

describe('a file of alerts', () => {
  it.each([
    ['one', '{"a":1}', ['{"a":1}']],
    ['one with everything that looks like an end', '{"a":"}]\\"{","b":[{}]}', ['{"a":"}]\\"{","b":[{}]}']],
    ['one a line', '{"a":1}\n\n{"a":2}\r\n', ['{"a":1}', '{"a":2}']],
    [
      'as jq prints them',
      '{\n  "a": [\n    1\n  ]\n}\n{\n  "a": 2\n}\n',
      ['{\n  "a": [\n    1\n  ]\n}', '{\n  "a": 2\n}'],
    ],
    ['one right behind the other', '{"a":1}{"a":2}', ['{"a":1}', '{"a":2}']],
    ['a list', ' [ {"a":1} ,\n{"a":2}]\n', ['{"a":1}', '{"a":2}']],
    ['with a byte order mark', '\uFEFF{"a":1}', ['{"a":1}']],
  ])('%s', async (_, text, expected) => expect(await texts(text)).toEqual(expected));

  it('tells lists from what only follows each other, and lines', async () => {
    expect(await split('[{"a":\n1},\n{}]')).toMatchObject([
      { line: 1, inList: true },
      { line: 3, inList: true },
    ]);
    expect(await split('\n{"a":\n1}\n{}')).toMatchObject([
      { line: 2, inList: false },
      { line: 4, inList: false },
    ]);
  });

  it.each([
    ['', 'there is no alert in it (line 1)'],
    ['\n \n', 'there is no alert in it (line 3)'],
    ['[]', 'the list holds no alert (line 1)'],
    ['{"a":\n', 'this is not JSON: the alert that begins in line 1 does not end (line 2)'],
    ['[{}', 'this is not JSON: the list does not end (line 1)'],
    ['{}\nx', 'this is not JSON of alerts: "x" stands where an alert ({…}) should begin (line 2)'],
    ['[{}] {}', '"{" stands behind the end of the list (line 1)'],
    ['{},{}', 'this is not JSON of alerts: "," stands where an alert ({…}) should begin (line 1)'],
    ['"text"', 'this is not JSON of alerts: "\\"" stands where an alert ({…}) should begin (line 1)'],
    ['\u001f\u008b', 'this is not JSON of alerts: "\\u001f" stands where an alert ({…}) should begin (line 1)'],
  ])('that says %j is refused', async (text, message) => {
    await expect(split(text)).rejects.toThrow(expect.objectContaining({ code: 'invalid_event', message }));
  });

  it('with an alert that does not end is refused before it fills the memory', async () => {
    let given = 0;
    async function* endless() {
      for (yield '{"a":"'; ; given += 65_536) yield 'x'.repeat(65_536);
    }
    await expect(
      (async () => {
        for await (const piece of splitJson(endless())) expect(piece).toBeUndefined();
      })(),
    ).rejects.toThrow('an alert is larger than 4 MiB (line 1)');
    expect(given).toBeLessThan(ALERT_LIMIT + 200_000);
  });

  it('is cut in the same places however its bytes arrive', async () => {
    const alerts = fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(alerts, fc.boolean(), fc.integer({ min: 1, max: 50 }), async (list, pretty, size) => {
        const written = list.map((alert) => JSON.stringify(alert, undefined, pretty ? 2 : undefined));
        expect(await texts(written.join('\n'), size)).toEqual(written);
        expect((await texts(JSON.stringify(list), size)).map((text) => JSON.parse(text) as unknown)).toEqual(
          JSON.parse(JSON.stringify(list)),
        );
      }),
      { numRuns: 200 },
    );
  });
});
