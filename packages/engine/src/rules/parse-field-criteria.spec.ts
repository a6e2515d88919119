import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldCriteriaText, parseFieldCriteria } from './parse-field-criteria.ts';

function parsed(text: string): string[][] {
  return parseFieldCriteria(text).map(({ field, operator, value }) => [field, operator, value]);
}

describe('criteria on output fields', () => {
  it.each<[string, string[][]]>([
    ['proc.name=bash', [['proc.name', '=', 'bash']]],
    [
      'k8s.ns.name!=kube-system, proc.name=bash',
      [
        ['k8s.ns.name', '!=', 'kube-system'],
        ['proc.name', '=', 'bash'],
      ],
    ],
    [
      'proc.name = bash , user.uid != 0',
      [
        ['proc.name', '=', 'bash'],
        ['user.uid', '!=', '0'],
      ],
    ],
    // `=`, commas, quotes and spaces in values
    ['proc.cmdline="a=b"', [['proc.cmdline', '=', 'a=b']]],
    ['proc.cmdline=a=b', [['proc.cmdline', '=', 'a=b']]],
    ['proc.cmdline=a!=b', [['proc.cmdline', '=', 'a!=b']]],
    [
      'proc.cmdline!="x, y", a=b',
      [
        ['proc.cmdline', '!=', 'x, y'],
        ['a', '=', 'b'],
      ],
    ],
    [`proc.cmdline="sh -c 'id'"`, [['proc.cmdline', '=', "sh -c 'id'"]]],
    [`proc.cmdline='say "hi"'`, [['proc.cmdline', '=', 'say "hi"']]],
    ['proc.cmdline="say \\"hi\\" \\\\ C:\\x"', [['proc.cmdline', '=', 'say "hi" \\ C:\\x']]],
    ['proc.cmdline=" padded "', [['proc.cmdline', '=', ' padded ']]],
    ['proc.cmdline=sh -c "id"', [['proc.cmdline', '=', 'sh -c "id"']]],
    ['fd.name=""', [['fd.name', '=', '']]],
    // odd field names
    ['k8s.ns.label[a-b/c]=x', [['k8s.ns.label[a-b/c]', '=', 'x']]],
    ['proc.aname[2]!=sshd', [['proc.aname[2]', '!=', 'sshd']]],
    ['proc.is_exe_upper_layer=true', [['proc.is_exe_upper_layer', '=', 'true']]],
    ['k8s.ns.label[a=b,c]=x', [['k8s.ns.label[a=b,c]', '=', 'x']]],
    ['json.value[/protoPayload/name]=x', [['json.value[/protoPayload/name]', '=', 'x']]],
    ['n drops/buffer?clone{fork]enter=0', [['n drops/buffer?clone{fork]enter', '=', '0']]],
    ['"gcp.user "=bob', [['gcp.user ', '=', 'bob']]],
    ["'a=b' != c", [['a=b', '!=', 'c']]],
    ['lone[bracket=x', [['lone[bracket', '=', 'x']]],
    ['__proto__=x', [['__proto__', '=', 'x']]],
  ])('%j', (text, expected) => {
    expect(parsed(text)).toEqual(expected);
  });

  it.each([
    ['proc.name', '"proc.name" has no operator'],
    ['proc.cmdline=sh -c a, b', '"b" has no operator'],
    ['', 'a criterion is missing'],
    ['a=b,', 'a criterion is missing after the comma'],
    ['a=b,,c=d', 'a criterion is missing after the comma'],
    ['=x', 'a field name is missing before ='],
    ['!=x', 'a field name is missing before !='],
    ['a=', 'a has no value; write "" for an empty text'],
    ['a=, b=c', 'a has no value'],
    ['a==b', 'the value of a begins with =; operators are = and !='],
    ['fd.rport>=1024', '>= is not an operator here (allowed: = !=)'],
    ['fd.name~=x', '~= is not an operator here'],
    ['proc.name in (a, b)', '"proc.name in (a" has no operator'],
    ['a="b', 'the quote " is not closed'],
    ['a="b\\"', 'the quote " is not closed'],
    ['a="b"c', 'the value of a goes on after its closing quote'],
    ['"a" b=c', 'b=c" has no operator'],
  ])('%j is refused', (text, message) => {
    expect(() => parseFieldCriteria(text)).toThrow(message);
  });

  it('reads back what it prints, whatever is in fields and values', () => {
    const awkward = fc.string({
      unit: fc.constantFrom(...Array.from('ab=!,"\'\\ []<>~^.\n\t')),
      minLength: 1,
      maxLength: 8,
    });
    const text = fc.oneof(awkward, fc.string({ minLength: 1 }));
    const criterion = fc.record({
      field: text,
      operator: fc.constantFrom('=' as const, '!=' as const),
      value: fc.oneof(text, fc.constant('')),
    });
    fc.assert(
      fc.property(fc.array(criterion, { minLength: 1, maxLength: 4 }), (criteria) => {
        expect(parseFieldCriteria(fieldCriteriaText(criteria))).toEqual(criteria);
      }),
      { numRuns: 500 },
    );
  });

  it('ends for every text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('a=!,"\'\\ []')) }), (text) => {
        try {
          return parseFieldCriteria(text).length > 0;
        } catch (error) {
          return (error as Error).message.length > 0;
        }
      }),
    );
  });
});
