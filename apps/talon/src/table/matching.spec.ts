import { from, LABEL, match, SHELL, tagged, testCases, urgent, without } from './testing-case.ts';

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
