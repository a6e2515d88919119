import { describe, expect, it } from 'vitest';
import { parseCondition } from './parse-condition.ts';

const OPERATORS =
  '(operators: = != < <= > >= exists in intersects pmatch contains icontains startswith endswith glob iglob regex)';
const TEXT = '(allowed: = != contains icontains startswith endswith glob iglob regex pmatch in intersects exists)';
const FIELDS = (name: string) =>
  `(of the alert: rule, priority, source, hostname, tags, output; of its output_fields: names with a dot, or output_fields[${name}])`;

describe('a mistake in a condition is told with its place, what was expected, and the nearest name', () => {
  it.each<[string, ...string[]]>([
    ['', '0 the condition is empty'],
    [' \n', '0 the condition is empty'],
    ['a.b contains', '12 expected a value after "contains", found the end'],
    ['a.b contains ', '13 expected a value after "contains", found the end'],
    [
      'a.b = and c.d',
      '6 expected a value after "=", found "and"',
      `13 expected an operator after c.d, found the end ${OPERATORS}`,
    ],
    ['a.b =', '5 expected a value after "=", found the end'],
    ['a.b', `3 expected an operator after a.b, found the end ${OPERATORS}`],
    ['a.b =< 5', `4 "=<" is not an operator; did you mean <=? ${OPERATORS}`],
    ['a.b pmatch val(c.d)', '4 pmatch needs a pattern, not a field'],
    ['a.b glob val(c.d)', '4 glob needs a pattern, not a field'],
    ['tags pmatch (a)', '5 tags is a list, which pmatch does not go with (allowed: in intersects exists)'],
    ['a.b ===', `4 "===" is not an operator; did you mean =? ${OPERATORS}`],
    ['a.b =~ x', `4 "=~" is not an operator; did you mean regex? ${OPERATORS}`],
    ['a.b equals x', `4 "equals" is not an operator; did you mean =? ${OPERATORS}`],
    ['a.b startwith x', `4 "startwith" is not an operator; did you mean startswith? ${OPERATORS}`],
    ['a.b CONTAINS x', `4 "CONTAINS" is not an operator; did you mean contains? ${OPERATORS}`],
    ['a.b existsand c.d=1', `4 "existsand" is not an operator; did you mean exists? ${OPERATORS}`],
    ['a.b contains"x"', '12 expected a blank after "contains", found "\\""'],
    ['a.b not in (x)', '4 not stands before the field: not a.b in …'],
    [
      'a.b bcontains 00',
      '4 bcontains is an operator of Falco that Falco Talon does not have: it compares raw bytes, which alerts do not carry',
    ],
    [
      'a.b bstartswith 00',
      '4 bstartswith is an operator of Falco that Falco Talon does not have: it compares raw bytes, which alerts do not carry',
    ],
    // numbers
    ['a.b > x', '6 expected a number after ">", found "x"'],
    ['a.b > 5x', '6 expected a number after ">", found "5x"'],
    ['a.b > "5"', '6 expected a number after ">", found "\\""; numbers stand without quotes'],
    ['a.b < 0xZ', '6 expected a number after "<", found "0xZ"'],
    // texts
    ['a.b = "x', '6 the quote " is not closed'],
    ["a.b = 'x\\'", "6 the quote ' is not closed"],
    ['a.b = "x\\', '8 the quote " is not closed'],
    [
      String.raw`a.b = "x\q"`,
      String.raw`8 \q is no escape (allowed: \" \\ \/ \b \f \n \r \t \xHH; write \\ for a backslash)`,
    ],
    [
      String.raw`a.b = "x\'"`,
      String.raw`8 \' is no escape; ' needs no backslash inside " (allowed: \" \\ \/ \b \f \n \r \t \xHH; write \\ for a backslash)`,
    ],
    [String.raw`a.b = "\x4"`, String.raw`7 two hexadecimal digits must follow \x`],
    ['a.b = c=d', '7 expected and, or or the end, found "="; a value with = is written in quotes'],
    ['a.b = “x”', '6 “ is no quote here; write " or \', and put a value that contains it in them'],
    ['a.b\u00a0= x', `3 expected an operator after a.b, found "\u00a0" (U+00A0) ${OPERATORS}`],
    // lists
    ['a.b in', '6 expected a list in parentheses after "in", found the end'],
    ['a.b in "x"', '7 expected a list in parentheses after "in", found "\\""'],
    ['a.b in and c.d=1', '7 expected a list in parentheses after "in", found "and"'],
    ['a.b in (', '8 expected a value or ) after "(", found the end'],
    ['a.b in (x', '7 this ( has no )'],
    ['a.b in (x y)', '10 expected , or ) in the list, found "y"; a value with blanks is written in quotes'],
    ['a.b in (x,)', '10 expected a value after ",", found ")"'],
    ['a.b in (,)', '8 expected a value or ) after "(", found ","'],
    ['a.b = (x)', '6 expected one value after "=", found "("; lists are for in and intersects'],
    ['a.b contains anyof(x)', '13 expected a blank after "anyof"'],
    // structure
    ['(a.b = 1', '0 this ( has no )'],
    ['a.b = 1)', '7 this ) has no ('],
    ['()', '1 expected a comparison or a macro, found ")"'],
    ['not', '3 expected a comparison or a macro, found the end'],
    ['a.b = 1 and', '11 expected a comparison or a macro, found the end'],
    ['and a.b = 1', '0 expected a comparison or a macro, found "and"'],
    ['a.b = 1 or or c.d = 1', '11 expected a comparison or a macro, found "or"'],
    ['a.b = 1 c.d = 2', '8 expected and, or or the end, found "c.d"'],
    ['(a.b = 1 c.d = 2)', '9 expected and, or, ) or the end, found "c.d"'],
    ['a AND b', '2 expected and, or or the end, found "AND"; write and'],
    ['a && b', '2 expected and, or or the end, found "&&"; write and'],
    ['a || b', '2 expected and, or or the end, found "||"; write or'],
    ['! a', '0 expected a comparison or a macro, found "!"; write not'],
    [
      'a # b',
      '2 expected and, or or the end, found "#"; a condition has no comments, YAML takes them outside of a block text only',
    ],
    ['"a.b" = 1', '0 expected a comparison or a macro, found "\\""'],
    // fields
    ['priorty >= Warning', `0 "priorty" is no field; did you mean priority? ${FIELDS('priorty')}`],
    ['environment = prod', `0 "environment" is no field ${FIELDS('environment')}`],
    ['output_fields = x', '0 write the key in brackets: output_fields[key]'],
    ['a.b[] = x', '4 expected a text after "[", found "]"'],
    [
      'a.b[x = y',
      '5 expected ] for the [ in column 4, found " "; a text with blanks, quotes or brackets is written in quotes',
    ],
    ['rule > 5', `5 rule is a text, which > does not go with ${TEXT}`],
    ['tags = x', '5 tags is a list, which = does not go with (allowed: in intersects exists)'],
    [
      'priority contains x',
      '9 priority is a priority, which contains does not go with (allowed: = != < <= > >= in intersects exists)',
    ],
    [
      'len(a.b) contains x',
      '9 len(a.b) is a number, which contains does not go with (allowed: = != < <= > >= in intersects exists)',
    ],
    // transformers
    [
      'lower(a.b) = x',
      '0 unknown transformer lower(); did you mean tolower()? (available: tolower, toupper, len, basename, b64)',
    ],
    [
      'getopt(a.b) = x',
      '0 getopt() is a transformer of Falco that Falco Talon does not have (available: tolower, toupper, len, basename, b64)',
    ],
    ['val(a.b) = x', '0 val() stands on the right side of an operator only'],
    ['tolower(x) = y', '8 expected a field after "tolower(", found "x"'],
    ['tolower(a.b = y', '12 expected ) at the end of tolower(), found "="'],
    ['len(len(a.b)) = 1', '14 len() takes a text, len(a.b) is a number'],
    ['a.b regex val(c.d)', '4 regex needs a pattern, not a field'],
    [`${'len('.repeat(12)}a.b`, '40 more than 10 transformers in each other'],
    // all of them at once
    [
      'a.b == and (c.d contains or e.f like g) and not h and i.j in (k',
      '7 expected a value after "=", found "and"',
      '25 expected a value after "contains", found "or"',
      `32 "like" is not an operator; did you mean glob? ${OPERATORS}`,
      '61 this ( has no )',
    ],
    [
      '(a.b equals x or c.d > y) and "e" and priority ~ 5 or (f.g = "h',
      `5 "equals" is not an operator; did you mean =? ${OPERATORS}`,
      '23 expected a number after ">", found "y"',
      '30 expected a comparison or a macro, found "\\""',
      `47 "~" is not an operator; did you mean regex? ${OPERATORS}`,
      '61 the quote " is not closed',
    ],
  ])('%j', (text, ...expected) => {
    const { expression, problems } = parseCondition(text);
    expect(problems.map(({ offset, message }) => `${offset} ${message}`)).toEqual(expected);
    expect(expression).toBeUndefined();
  });

  it('of many, the first ones are told', () => {
    expect(parseCondition(Array.from({ length: 1_000 }, () => 'a.b').join(' and ')).problems).toHaveLength(20);
  });
});
