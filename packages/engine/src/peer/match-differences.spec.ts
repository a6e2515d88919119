import { describe, expect, it } from 'vitest';
import { goCriteria } from './go-criteria.ts';
import { fieldDifferences } from './match-differences.ts';

describe('an item of output_fields', () => {
  it.each([
    ['k8s.ns.name!=kube-system, k8s.ns.name!=falco'],
    ['proc.name=bash,proc.aname[2]=sshd'],
    ['k8s.ns.name="shop"'],
    ['fd.rport=443, user.uid=1000'],
    ['evt.type=open!'],
    ['proc.name=<NA>'],
  ])('means the same there: %s', (item) => {
    expect([...fieldDifferences(item)]).toEqual([]);
  });

  it.each([
    ['proc.cmdline=a=b', 'comparison-dropped'],
    ['proc.cmdline!=a!b', 'comparison-dropped'],
    ['proc.cmdline!=a=b', 'not-equal-never-held'],
    ['proc.cmdline="a!=b"', 'value-never-equal'],
    ["proc.name='bash'", 'value-never-equal'],
    ['proc.name= bash', 'value-never-equal'],
    ['proc.name=bash , fd.rport=1', 'value-never-equal'],
    ["proc.name!='bash'", 'value-never-excluded'],
    ['proc.cmdline=say "hi"', 'value-never-equal'],
    ['user.uid=1000660000', 'number-never-equal'],
    ['user.uid!=1000660000', 'number-never-excluded'],
    ['proc.name=<nil>', 'null-text'],
    ['proc.name!=<nil>', 'null-not-excluded'],
    ['proc.cmdline="a,b=c"', 'comma-parts'],
    ['proc.cmdline="a, b"', 'refused'],
    ['proc.is_exe_upper_layer=true', 'refused'],
    ['k8s.ns.label[a-b/c]=x', 'refused'],
    ['proc.name =bash', 'refused'],
  ])('%s: %s', (item, id) => {
    expect([...fieldDifferences(item)]).toEqual([id]);
  });

  it('is read as the Go engine reads it', () => {
    expect(goCriteria('a.b=c, d!=e')).toEqual([
      [{ field: 'a.b', operator: '=', value: 'c' }],
      [{ field: 'd', operator: '!=', value: 'e' }],
    ]);
    expect(goCriteria('a!=b=c')).toEqual([
      [
        { field: 'a!b', operator: '=', value: 'c' },
        { field: 'a', operator: '!=', value: 'b=c' },
      ],
    ]);
    expect(goCriteria('a=b=c')).toEqual([[]]);
    expect(goCriteria('a-b=c')).toBe('refused');
  });
});
