import { describe, expect, it } from 'vitest';
import { DEPTH_LIMIT, parseCondition } from './parse-condition.ts';
import { printCondition } from './print-condition.ts';
import { resolved } from './testing-condition.ts';

/** How the condition is printed after reading; with every level in parentheses, so that precedence shows. */
function read(text: string): string {
  const { problems } = parseCondition(text);
  expect(problems).toEqual([]);
  return printCondition(resolved(text));
}

describe('a condition', () => {
  it.each([
    ['a.b=1', 'a.b = 1'],
    ['a.b == 1', 'a.b = 1'],
    ['a.b!=x', 'a.b != x'],
    [' \t\n a.b \r\n = \b x \n', 'a.b = x'],
    ['a.b exists', 'a.b exists'],
    [
      'a.b<1 and a.b<=-2.5 and a.b>+3 and a.b>=0xFf and a.b > 1e-3',
      'a.b < 1 and a.b <= -2.5 and a.b > +3 and a.b >= 0xFf and a.b > 1e-3',
    ],
    // `not` before `and` before `or`
    ['a.a=1 or b.b=2 and c.c=3', 'a.a = 1 or (b.b = 2 and c.c = 3)'],
    ['(a.a=1 or b.b=2) and c.c=3', '(a.a = 1 or b.b = 2) and c.c = 3'],
    ['not a.a=1 and b.b=2', 'not a.a = 1 and b.b = 2'],
    ['not (a.a=1 and b.b=2)', 'not (a.a = 1 and b.b = 2)'],
    ['not a.a=1 or not b.b=2 and c.c=3', 'not a.a = 1 or (not b.b = 2 and c.c = 3)'],
    ['not not a.b=1', 'a.b = 1'],
    ['not(not(not(a.b=1)))', 'not a.b = 1'],
    ['(a.a=1)and(b.b=2)or(c.c=3)', '(a.a = 1 and b.b = 2) or c.c = 3'],
    ['((a.a=1 and (b.b=2 and c.c=3)))', 'a.a = 1 and b.b = 2 and c.c = 3'],
    ['not(a.b exists)and not(c.d in())', 'not a.b exists and not c.d in ()'],
    // fields
    ['k8s.ns.label[a-b/c] = x', 'k8s.ns.label[a-b/c] = x'],
    ['proc.aname[2] = sh', 'proc.aname[2] = sh'],
    ['a.b[""] = x', 'a.b[""] = x'],
    [String.raw`a.b['x "y" [z]'] = x`, String.raw`a.b["x \"y\" [z]"] = x`],
    ['output_fields[environment] = prod', 'output_fields[environment] = prod'],
    ['output_fields["gcp.user "] = bob', 'output_fields["gcp.user "] = bob'],
    ['output_fields[proc.name] = bash', 'proc.name = bash'],
    ['rule = "Terminal shell in container"', 'rule = "Terminal shell in container"'],
    [
      'priority >= warning and priority in (Error, "info")',
      'priority >= Warning and priority in (Error, Informational)',
    ],
    ['source = syscalls or source in (k8saudit)', 'source = syscall or source in (k8s_audit)'],
    ['tags intersects (a, "b c") and tags exists', 'tags intersects (a, "b c") and tags exists'],
    ['hostname = n1 and output contains x', 'hostname = n1 and output contains x'],
    // values
    ['a.b = 0a!@#456:/\\.;!$%^&*[]{}|<>', 'a.b = "0a!@#456:/\\\\.;!$%^&*[]{}|<>"'],
    ['a.b = not', 'a.b = "not"'],
    ['a.b = c.d', 'a.b = c.d'],
    ['a.b = ""', 'a.b = ""'],
    ['a.b in (a,\'b\' , "c d",e.f/*)', 'a.b in (a, b, "c d", e.f/*)'],
    ['a.b in single', 'a.b in (single)'],
    ['a.b in(x)', 'a.b in (x)'],
    ['a.b intersects (x)', 'a.b intersects (x)'],
    ['a.b contains anyof (x, y)', 'a.b contains anyof (x, y)'],
    ['a.b = oneof list', 'a.b = oneof (list)'],
    ['a.b pmatch (/etc, /usr/*) and a.b pmatch(/x)', 'a.b pmatch (/etc, /usr/*) and a.b pmatch (/x)'],
    ['evt.dir=< and evt.dir != > or (evt.dir=>)', '(evt.dir = "<" and evt.dir != ">") or evt.dir = ">"'],
    // modifiers are values when no list follows
    ['a.b = oneof', 'a.b = "oneof"'],
    ['a.b = anyof and c.d = allof', 'a.b = "anyof" and c.d = "allof"'],
    // transformers
    ['tolower(a.b) = x', 'tolower(a.b) = x'],
    ['len( toupper( b64(basename(a.b)) ) ) > 3', 'len(toupper(b64(basename(a.b)))) > 3'],
    ['a.b = val(c.d)', 'a.b = val(c.d)'],
    ['a.b != val( c.d[x] )', 'a.b != val(c.d[x])'],
    ['a.b = tolower(c.d)', 'a.b = tolower(c.d)'],
    ['len(tags) >= 2', 'len(tags) >= 2'],
  ])('%s', (text, printed) => {
    expect(read(text)).toBe(printed);
  });

  it('may be nested as deep as the limit, and no deeper', () => {
    const nested = (depth: number) => `${'('.repeat(depth)}a.b = 1${')'.repeat(depth)}`;
    expect(read(nested(DEPTH_LIMIT))).toBe('a.b = 1');
    for (const depth of [DEPTH_LIMIT + 1, 100_000]) {
      expect(parseCondition(nested(depth)).problems).toEqual([
        { offset: DEPTH_LIMIT, message: `more than ${DEPTH_LIMIT} parentheses in each other` },
      ]);
    }
    expect(read(`${'not '.repeat(100_001)}a.b = 1`)).toBe('not a.b = 1');
    expect(read(Array.from({ length: 5_000 }, () => 'a.b = 1').join(' and '))).toContain(' and ');
  });

  it('keeps apart the place of each part', () => {
    const { expression } = parseCondition('a.b = x and shell or c.d in (y, "z")');
    expect(JSON.stringify(expression)).toContain('{"kind":"macro","name":"shell","offset":12}');
    expect(JSON.stringify(expression)).toContain('{"text":"z","quoted":true,"offset":32}');
  });
});
