import { describe, expect, it } from 'vitest';
import { cover, findingsOf, matching } from './testing-coverage.ts';

describe('what actions need', () => {
  const pod = 'k8s.pod.name or ka.target.pod.name or ka.target.name';
  it.each([
    ['Shell', 'pod', '', undefined],
    [
      'Shell',
      'deny',
      '',
      'error do:deny needs fd.rip or fd.sip, which alerts of "Shell" never carry, unless append_output in falco.yaml adds it: extra_fields: [fd.rip]',
    ],
    ['Miner', 'deny', '', undefined],
    [
      'Shell, Miner',
      'deny',
      '',
      'warning do:deny needs fd.rip or fd.sip, which alerts of "Shell" never carry, unless append_output in falco.yaml adds it: extra_fields: [fd.rip]',
    ],
    // The name of an object of the audit log is that of a pod only when the alert says so.
    [
      'Exec',
      'pod',
      '',
      `error do:pod needs ${pod}, which alerts of "Exec" never carry, unless append_output in falco.yaml adds it: extra_fields: [ka.target.resource]`,
    ],
    [
      'Login',
      'pod',
      '',
      `error do:pod needs ${pod}, and k8s.ns.name or ka.target.namespace, which alerts of "Login" never carry, and no setting of Falco adds that`,
    ],
    ['Shell', 'note', ', parameters: {file: "${PROC_NAME}${K8S_NS_NAME}${FALCO-TALON_RULE}${RULE}"}', undefined],
    [
      'Shell',
      'note',
      ', parameters: {file: "/x/${PROC_EXEPATH}"}',
      'error do:note needs proc.exepath (for PROC_EXEPATH), which alerts of "Shell" never carry, unless append_output in falco.yaml adds it: extra_fields: [proc.exepath]',
    ],
    [
      'Shell',
      'note',
      ', parameters: {file: "${PROC_EXE_INO_CTIME}"}',
      'error do:note needs proc.exe_ino.ctime (for PROC_EXE_INO_CTIME), which alerts of "Shell" never carry, unless append_output in falco.yaml adds it: extra_fields: [proc.exe_ino.ctime]',
    ],
    [
      'Shell',
      'note',
      ', parameters: {file: "${PROC_NAM}"}',
      'error do:note needs proc.nam (did you mean proc.name?) (for PROC_NAM), which alerts of "Shell" never carry, and no setting of Falco adds that',
    ],
    [
      'Shell',
      'note',
      ', parameters: {file: "${proc.aname[2]}"}',
      'error do:note needs proc.aname[2] (for PROC_ANAME_2), which alerts of "Shell" never carry, unless append_output in falco.yaml adds it: extra_fields: [proc.aname[2]]',
    ],
    [
      'Login',
      'note',
      ', parameters: {labels: [{a: "${OKTA_USER}", b: "${FD_RIP}"}]}',
      'error do:note needs fd.rip (for FD_RIP), which alerts of "Login" never carry, and no setting of Falco adds that',
    ],
    [
      'Shell',
      'note',
      ', parameters: {command: "echo $HOME ${1} $PROC_NAME ${USER:-x} $FD_RIP"}',
      'error do:note needs fd.rip (for FD_RIP), which alerts of "Shell" never carry, unless append_output in falco.yaml adds it: extra_fields: [fd.rip]',
    ],
    ['Shell', 'note', ', parameters: {file: "$FD_RIP"}', undefined],
    ['Shell', 'note', ', contexts: [node], parameters: {command: "$PROC_RACK $USER_ZONE $FD_SHELF"}', undefined],
  ])('%s with do:%s%s', (rules, name, more, finding) => {
    const findings = findingsOf(matching(`{rules: [${rules}]}`, name, more));
    expect(findings).toEqual(finding === undefined ? [] : [finding.replace(' ', ' missing_field ')]);
  });

  it('is alerts of the sources they are made for', () => {
    expect(findingsOf(matching('{rules: [Shell]}', 'quiet'))).toEqual([]);
    expect(findingsOf(matching('{rules: [Shell, Exec, Login]}', 'quiet'))).toEqual([
      'warning source do:quiet is made for alerts of the source syscalls, but those of "Exec" and "Login" are of k8s_audit and okta',
    ]);
  });

  it('comes with the entries falco.yaml wants, each field once', () => {
    const text =
      matching('{rules: [Shell], output_fields: ["fd.rip!=::1, proc.nam!=a"]}', 'deny') +
      matching('{rules: [Exec, Login]}', 'pod').replace('R', 'R2');
    expect(cover(text).append_output).toEqual([
      { match: { rule: 'Shell' }, extra_fields: ['fd.rip'] },
      { match: { rule: 'Exec' }, extra_fields: ['ka.target.resource'] },
    ]);
  });

  it('is wanted for a source when many of its rules lack it', () => {
    const falco = ['a', 'b', 'c', 'd'].map((name) => `- {rule: ${name}, priority: debug, output: x}\n`).join('');
    const text = `${matching('all', 'deny')}- rule: R2\n  match: {rules: [a]}\n  actions: [{action: b, actionner: do:note, parameters: {file: "\${FD_NAME}"}}]\n`;
    expect(cover(text, {}, falco).append_output).toEqual([
      { match: { source: 'syscall' }, extra_fields: ['fd.rip'] },
      { match: { rule: 'a' }, extra_fields: ['fd.name'] },
    ]);
  });

  it('is there once falco.yaml or something behind it adds the field', () => {
    const text = matching('{rules: [Shell]}', 'deny');
    const added = (more: object) => ({ added: [{ tags: [], fields: ['fd.rip', 'k8s.pod.name'], ...more }] });
    expect(findingsOf(text, added({}))).toEqual([]);
    expect(findingsOf(text, added({ rule: 'Shell', source: 'syscall', tags: ['shell', 'T1059'] }))).toEqual([]);
    expect(findingsOf(text, added({ rule: 'Miner' }))).toHaveLength(1);
    expect(findingsOf(text, added({ source: 'k8s_audit' }))).toHaveLength(1);
    expect(findingsOf(text, added({ tags: ['shell', 'mining'] }))).toHaveLength(1);
    expect(findingsOf(text, { ...added({}), carriesFields: false })).toHaveLength(1);
  });
});
