import { fields, LABEL, match, SHELL, testCases } from './testing-case.ts';

const without = (...keys: readonly string[]) =>
  Object.fromEntries(Object.entries(SHELL).filter(([key]) => !keys.includes(key)));
const tagged = (...tags: readonly string[]) => ({ ...SHELL, tags });
const urgent = (priority: unknown) => ({ ...SHELL, priority });
const from = (source: unknown) => ({ ...SHELL, source });

testCases('all given criteria must hold, an absent one matches all', [
  match(
    'a match of all its criteria',
    '{rules: [Terminal shell in container], priority: ">=Notice", source: syscall, tags: [shell], output_fields: [proc.name=bash]}',
    SHELL,
    true,
  ),
  match(
    'another Falco rule',
    '{rules: [Other], priority: ">=Notice", source: syscall, tags: [shell], output_fields: [proc.name=bash]}',
    SHELL,
    false,
  ),
  match(
    'too low a priority',
    '{rules: [Terminal shell in container], priority: ">Notice", source: syscall, tags: [shell], output_fields: [proc.name=bash]}',
    SHELL,
    false,
  ),
  match(
    'another source',
    '{rules: [Terminal shell in container], priority: ">=Notice", source: k8s_audit, tags: [shell], output_fields: [proc.name=bash]}',
    SHELL,
    false,
  ),
  match(
    'a missing tag',
    '{rules: [Terminal shell in container], priority: ">=Notice", source: syscall, tags: [network], output_fields: [proc.name=bash]}',
    SHELL,
    false,
  ),
  match(
    'another field value',
    '{rules: [Terminal shell in container], priority: ">=Notice", source: syscall, tags: [shell], output_fields: [proc.name=sh]}',
    SHELL,
    false,
  ),
  match(
    'a condition is one more criterion',
    '{rules: [Terminal shell in container], condition: proc.name = sh}',
    SHELL,
    false,
  ),
  match('match: all matches whatever comes', 'all', { rule: 'anything' }, true),
  {
    says: 'a match without a criterion matches every event, and a warning says so',
    rules: `- rule: r\n  match: {}\n  actions: [${LABEL}]\n`,
    matches: ['r'],
    problems: [['rules.yaml:2:3', 'warning: ', 'every event']],
  },
  {
    says: 'so does a rule without a match',
    rules: `- rule: r\n  actions: [${LABEL}]\n`,
    matches: ['r'],
    problems: [['rules.yaml:1:9', 'warning: ', 'every event']],
  },
]);

testCases('rules: OR, exact Falco rule names', [
  match('the first of two', '{rules: [Terminal shell in container, B]}', SHELL, true),
  match('the last of two', '{rules: [B, Terminal shell in container]}', SHELL, true),
  match('none of two', '{rules: [A, B]}', SHELL, false),
  match('case counts', '{rules: [terminal shell in container]}', SHELL, false),
  match('a piece of the name is not it', '{rules: [Terminal shell]}', SHELL, false),
  match('spaces around the name count', '{rules: ["Terminal shell in container "]}', SHELL, false),
  {
    says: 'a text in place of the list is refused',
    rules: `- rule: r\n  match:\n    rules: Terminal shell in container\n  actions: [${LABEL}]\n`,
    problems: [['rules.yaml:3:12', 'error: ', 'list']],
  },
  match('a name that is a property of every object', '{rules: [__proto__]}', { rule: '__proto__' }, true),
  match('a name that is a property of every object, of another rule', '{rules: [constructor]}', SHELL, false),
  match('a name in letters of another script', '{rules: [Règle 7 – прод]}', { rule: 'Règle 7 – прод' }, true),
]);

testCases('priority: an optional comparator and a name, in any case', [
  match('equal without a comparator', '{priority: Notice}', SHELL, true),
  match('equal with one', '{priority: =Notice}', SHELL, true),
  match('equal is not more severe', '{priority: Notice}', urgent('Warning'), false),
  match('at least: the same', '{priority: ">=Notice"}', SHELL, true),
  match('at least: more severe', '{priority: ">=Notice"}', urgent('Emergency'), true),
  match('at least: less severe', '{priority: ">=Notice"}', urgent('Informational'), false),
  match('more: the same is not', '{priority: ">Notice"}', SHELL, false),
  match('more: the next', '{priority: ">Notice"}', urgent('Warning'), true),
  match('at most: the same', '{priority: "<=Notice"}', SHELL, true),
  match('at most: less severe', '{priority: "<=Notice"}', urgent('Debug'), true),
  match('at most: more severe', '{priority: "<=Notice"}', urgent('Error'), false),
  match('less: the same is not', '{priority: "<Notice"}', SHELL, false),
  match('less: the next', '{priority: "<Notice"}', urgent('Info'), true),
  match('in any case in the rule', '{priority: ">=nOTICE"}', SHELL, true),
  match('in any case in the event', '{priority: ">=Notice"}', urgent('CRITICAL'), true),
  match('Info is Informational in the rule', '{priority: Info}', urgent('Informational'), true),
  match('Info is Informational in the event', '{priority: Informational}', urgent('info'), true),
  match('spaces after the comparator', '{priority: ">= Notice"}', SHELL, true),
  match('an unknown priority satisfies nothing: at least', '{priority: ">=Debug"}', urgent('Severe'), false),
  match('an unknown priority satisfies nothing: at most', '{priority: "<=Emergency"}', urgent('Severe'), false),
  match('an event without priority satisfies nothing', '{priority: "<=Emergency"}', without('priority'), false),
  match('an event with an empty priority satisfies nothing', '{priority: "<Emergency"}', urgent(''), false),
  {
    says: 'a comparator without a name is refused',
    rules: `- rule: r\n  match:\n    priority: ">="\n  actions: [${LABEL}]\n`,
    problems: [['rules.yaml:3:15', 'error: ', 'Emergency']],
  },
  {
    says: 'an unknown name is refused with the nearest one',
    rules: `- rule: r\n  match:\n    priority: ">=Warnign"\n  actions: [${LABEL}]\n`,
    problems: [['rules.yaml:3:15', 'error: ', 'Warning']],
  },
  {
    says: 'an unknown comparator is refused',
    rules: `- rule: r\n  match:\n    priority: "!=Notice"\n  actions: [${LABEL}]\n`,
    problems: [['rules.yaml:3:15', 'error: ']],
  },
]);

testCases('source: syscall is syscalls, k8s_audit is k8saudit', [
  match('the same', '{source: syscall}', SHELL, true),
  match('syscalls in the rule', '{source: syscalls}', SHELL, true),
  match('syscalls in the event', '{source: syscall}', from('syscalls'), true),
  match('k8saudit in the rule', '{source: k8saudit}', from('k8s_audit'), true),
  match('k8saudit in the event', '{source: k8s_audit}', from('k8saudit'), true),
  match('another', '{source: k8s_audit}', SHELL, false),
  match('an event without source is a syscall', '{source: syscall}', without('source'), true),
  match('an event with an empty source is a syscall', '{source: syscall}', from(''), true),
  {
    says: 'a source of a plugin',
    rules: '- rule: r\n  match: {source: aws_cloudtrail}\n',
    alert: from('aws_cloudtrail'),
    matches: ['r'],
    problems: [['rules.yaml:1:9', 'warning: ', 'no actions']],
  },
  {
    says: 'an action that is not made for the source is doubted',
    rules: `- rule: r\n  match: {source: aws_cloudtrail}\n  actions: [${LABEL}]\n`,
    alert: from('aws_cloudtrail'),
    matches: ['r'],
    problems: [['rules.yaml:3:22', 'warning: ', 'syscall', 'aws_cloudtrail']],
  },
  match('internal events are not syscalls', '{source: syscall}', from('internal'), false),
]);

testCases('tags: OR of comma lists, which are AND', [
  match('one of several lists', '{tags: [nothing, shell]}', SHELL, true),
  match('all tags of a list', '{tags: ["shell, mitre_execution"]}', SHELL, true),
  match('one of a list is missing', '{tags: ["shell, network"]}', SHELL, false),
  match('the first list fails, the second holds', '{tags: ["shell, network", "T1059,container"]}', SHELL, true),
  match('case counts', '{tags: [t1059]}', SHELL, false),
  match('tags with a dash', '{tags: [T1562-impair-defenses]}', tagged('T1562-impair-defenses'), true),
  match(
    'tags with dots and underscores',
    '{tags: ["PCI_DSS_10.2.5, NIST_800-53_AU.2"]}',
    tagged('NIST_800-53_AU.2', 'PCI_DSS_10.2.5'),
    true,
  ),
  match('a tag twice in the event counts once', '{tags: ["a, b"]}', tagged('a', 'a'), false),
  match('a tag twice in the event is there', '{tags: [a]}', tagged('a', 'a'), true),
  match('an event without tags', '{tags: [shell]}', without('tags'), false),
  match('an event with no tags', '{tags: [shell]}', tagged(), false),
  match('a piece of a tag is not it', '{tags: [mitre]}', SHELL, false),
  {
    says: 'a comma without a tag is refused',
    rules: `- rule: r\n  match:\n    tags: ["shell,,T1059"]\n  actions: [${LABEL}]\n`,
    problems: [['rules.yaml:3:18', 'error: ', 'comma']],
  },
]);

testCases('output_fields: OR of comma lists, which are AND, of = and !=', [
  match('equal', '{output_fields: [proc.name=bash]}', SHELL, true),
  match('not equal to this', '{output_fields: [proc.name=sh]}', SHELL, false),
  match('all of a list', '{output_fields: ["proc.name=bash, k8s.ns.name=shop"]}', SHELL, true),
  match('one of a list fails', '{output_fields: ["proc.name=bash, k8s.ns.name=kube-system"]}', SHELL, false),
  match('one of several lists', '{output_fields: [proc.name=sh, k8s.ns.name=shop]}', SHELL, true),
  match('!= holds for another value', '{output_fields: [k8s.ns.name!=kube-system]}', SHELL, true),
  match('!= fails for this value', '{output_fields: [k8s.ns.name!=shop]}', SHELL, false),
  match('!= holds when the field is absent', '{output_fields: [fd.name!=x]}', SHELL, true),
  match('!= holds when the field is null', '{output_fields: [fd.name!=x]}', fields({ 'fd.name': null }), true),
  match('= fails when the field is absent', '{output_fields: [fd.name=x]}', SHELL, false),
  match('= fails when the field is null', '{output_fields: [fd.name=null]}', fields({ 'fd.name': null }), false),
  match('an empty value is a value', '{output_fields: [\'fd.name=""\']}', fields({ 'fd.name': '' }), true),
  match('an empty value is not an absent one', '{output_fields: [\'fd.name=""\']}', SHELL, false),
  match('an event without fields', '{output_fields: [proc.name=bash]}', without('output_fields'), false),
  match(
    'an event whose fields are null',
    '{output_fields: [proc.name!=bash]}',
    { ...SHELL, output_fields: null },
    true,
  ),
  match('spaces around the comparison', '{output_fields: [" proc.name = bash "]}', SHELL, true),
  match(
    'a value with =',
    '{output_fields: [proc.cmdline=dd if=/dev/zero]}',
    fields({ 'proc.cmdline': 'dd if=/dev/zero' }),
    true,
  ),
  match('a value with = after !=', '{output_fields: [proc.cmdline!=a=b]}', fields({ 'proc.cmdline': 'a=b' }), false),
  match(
    'a quoted value with a comma',
    `{output_fields: ['proc.cmdline="a, b"']}`,
    fields({ 'proc.cmdline': 'a, b' }),
    true,
  ),
  match(
    'a quoted value with quotes',
    `{output_fields: ['proc.cmdline="say \\"hi\\""']}`,
    fields({ 'proc.cmdline': 'say "hi"' }),
    true,
  ),
  match(
    'a quoted value with spaces at its ends',
    `{output_fields: ['proc.cmdline=" a "']}`,
    fields({ 'proc.cmdline': ' a ' }),
    true,
  ),
  match(
    'a value with spaces inside',
    '{output_fields: [proc.cmdline=sh -c id]}',
    fields({ 'proc.cmdline': 'sh -c id' }),
    true,
  ),
  match(
    'a comma list with a quoted comma',
    `{output_fields: ['proc.cmdline="a, b", proc.name=bash']}`,
    fields({ 'proc.cmdline': 'a, b' }),
    true,
  ),
  match(
    'a key with brackets, dash and slash',
    '{output_fields: ["k8s.ns.label[a-b/c]=x"]}',
    fields({ 'k8s.ns.label[a-b/c]': 'x' }),
    true,
  ),
  match('a key with an index', '{output_fields: ["proc.aname[2]=sshd"]}', fields({ 'proc.aname[2]': 'sshd' }), true),
  match(
    'a key with underscores',
    '{output_fields: [proc.is_exe_upper_layer=true]}',
    fields({ 'proc.is_exe_upper_layer': true }),
    true,
  ),
  match('a number is compared as its text', '{output_fields: [user.uid=1000]}', SHELL, true),
  match(
    'a large number keeps its digits',
    '{output_fields: [user.uid=1000660000]}',
    fields({ 'user.uid': 1_000_660_000 }),
    true,
  ),
  match(
    '19 digits are compared with all of them',
    '{output_fields: [evt.time=1731945600482812345]}',
    '{"rule":"x","output_fields":{"evt.time":1731945600482812345}}',
    true,
  ),
  match(
    '19 digits that differ in the last one',
    '{output_fields: [evt.time=1731945600482812345]}',
    '{"rule":"x","output_fields":{"evt.time":1731945600482812344}}',
    false,
  ),
  match(
    'a number as Falco wrote it',
    '{output_fields: [falco.rate=0.50]}',
    '{"rule":"x","output_fields":{"falco.rate":0.50}}',
    true,
  ),
  match(
    'a boolean is compared as its text',
    '{output_fields: [proc.is_sid_leader=false]}',
    fields({ 'proc.is_sid_leader': false }),
    true,
  ),
  match('a field called like a property of every object', '{output_fields: [constructor=x]}', SHELL, false),
  match(
    'such a field that is there',
    '{output_fields: [__proto__=x]}',
    '{"rule":"x","output_fields":{"__proto__":"x"}}',
    true,
  ),
  {
    says: 'a comparison without a field is refused',
    rules: `- rule: r\n  match:\n    output_fields: ["=bash"]\n  actions: [${LABEL}]\n`,
    problems: [['rules.yaml:3:22', 'error: ']],
  },
  {
    says: 'an unknown operator is refused, and a condition named',
    rules: `- rule: r\n  match:\n    output_fields: [proc.name startswith ba]\n  actions: [${LABEL}]\n`,
    problems: [['rules.yaml:3:21', 'error: ', 'condition']],
  },
  {
    says: 'a quote that does not end is refused',
    rules: `- rule: r\n  match:\n    output_fields: ['a="b']\n  actions: [${LABEL}]\n`,
    problems: [['rules.yaml:3:24', 'error: ']],
  },
]);

testCases('an absent field in the two languages', [
  match('output_fields: != holds', '{output_fields: [fd.name!=x]}', SHELL, true),
  match('condition: != is false', '{condition: fd.name != x}', SHELL, false),
  match('condition: not = is true', '{condition: not fd.name = x}', SHELL, true),
  match('condition: exists is false', '{condition: fd.name exists}', SHELL, false),
  match('condition: null is absent', '{condition: fd.name != x}', fields({ 'fd.name': null }), false),
  match('condition: in is false', '{condition: "fd.name in (x, y)"}', SHELL, false),
  match('condition: regex matches the whole value', '{condition: proc.name regex ba}', SHELL, false),
  match('condition: regex matches the whole value, all of it', '{condition: proc.name regex "ba.*"}', SHELL, true),
  match(
    'condition: and binds closer than or',
    '{condition: proc.name = bash or proc.name = x and proc.name = y}',
    SHELL,
    true,
  ),
  match('condition: over tags', '{condition: "tags intersects (shell, x)"}', SHELL, true),
  match('condition: over priority', '{condition: priority >= Notice}', SHELL, true),
  match('condition: over the rule', '{condition: rule startswith "Terminal shell"}', SHELL, true),
  match('condition: over the source', '{condition: source = syscall}', from('syscalls'), true),
  match('condition: over the hostname', '{condition: hostname = node-1}', SHELL, true),
  match('condition: over the output, without its time prefix', '{condition: output startswith "A shell"}', SHELL, true),
]);
