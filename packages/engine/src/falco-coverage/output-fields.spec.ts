import { describe, expect, it } from 'vitest';
import { outputFields } from './output-fields.ts';

describe('the fields of an output', () => {
  it.each([
    ['no field at all, 100% sure', []],
    ['A shell | user=%user.name tty=%proc.tty', ['user.name', 'proc.tty']],
    ['*%proc.name', ['proc.name']],
    ['(pod=%ka.target.name/%ka.target.resource)', ['ka.target.name', 'ka.target.resource']],
    ['flags=%evt.arg.flags, twice=%evt.arg.flags.', ['evt.arg.flags']],
    ['parents=%proc.aname[2]:%proc.aname[3]', ['proc.aname[2]', 'proc.aname[3]']],
    ['%k8s.ns.label["a b/c"] %k8s.pod.label[\'x\']', ['k8s.ns.label[a b/c]', 'k8s.pod.label[x]']],
    ['%jevt.value[/requestObject/spec/volumes]', ['jevt.value[/requestObject/spec/volumes]']],
    ['%20proc.name|%5evt.type', ['proc.name', 'evt.type']],
    ['%toupper(proc.name) %evt.type', ['proc.name', 'evt.type']],
    ['%join("fd.x", (proc.pname, tolower( proc.name ))) fd.name', ['proc.pname', 'proc.name']],
    ['%container.info %container.id', ['container.id']],
    ['%', []],
    ['%12', []],
    ['%toupper(proc.name', ['proc.name']],
  ])('%s', (output, fields) => {
    expect(outputFields(output)).toEqual(fields);
  });

  it('are found in a time that grows with the text', () => {
    const hostile = `${'%toupper('.repeat(50_000)}${'%"'.repeat(50_000)}${'%a.'.repeat(50_000)}${'%a.b["'.repeat(10_000)}`;
    expect(outputFields(hostile)).toEqual(['a.b']);
    expect(outputFields(`%toupper(${'\\"'.repeat(500_000)}`)).toEqual([]);
  });
});
