import type { Difference } from '@falco-talon/core';

type LanguageDifference = Required<Pick<Difference, 'id' | 'effect' | 'when' | 'there' | 'here'>>;

/** Where the rule language itself means something else than in the Go engine. The guide's table is made from this list. */
export const LANGUAGE_DIFFERENCES = [
  {
    id: 'source-alias',
    effect: 'more',
    when: 'match.source is syscalls or k8saudit',
    there: 'it is compared letter by letter, and as Falco sends syscall and k8s_audit, the rule never matches',
    here: 'both spellings are the same source, so the rule matches and acts',
  },
  {
    id: 'first-releases',
    effect: 'more',
    when: 'rules are in the syntax of the first releases (- name:)',
    there: 'releases since 0.1 refuse the file, or pass over such rules without a word',
    here: 'they are in force, and mean what they meant in the first releases',
  },
  {
    id: 'not-equal-never-held',
    effect: 'more',
    when: 'a value after != contains =',
    there: 'the comparison never holds, so the rule never matches',
    here: 'it holds for every other value',
  },
  {
    id: 'value-never-equal',
    effect: 'more',
    when: 'a value after = has quotes or blanks around it, or a quote or != in it',
    there:
      'the value is changed when it is read (" is removed, other quotes and blanks belong to it, != becomes !), so alerts do not have it',
    here: 'quotes around it are taken off and what is in them stays, so the comparison can hold',
  },
  {
    id: 'number-never-equal',
    effect: 'more',
    when: 'a value after = is a number of seven digits or more, or has zeros at its end after the dot',
    there:
      'numbers of alerts are rounded and written like 1.00066e+09 before they are compared, so the comparison never holds for them',
    here: 'numbers keep their digits, so it can hold',
  },
  {
    id: 'null-not-excluded',
    effect: 'more',
    when: 'a value after != is <nil>',
    there: 'null is compared as the text <nil>, so fields that are null are left out',
    here: 'a field that is null equals no text, so the comparison always holds',
  },
  {
    id: 'comparison-dropped',
    effect: 'less',
    when: 'a value after = contains =, or a value after != contains !',
    there: 'the comparison is left out, so the rule matches whatever the field holds',
    here: 'the comparison counts, so the rule matches fewer alerts',
  },
  {
    id: 'value-never-excluded',
    effect: 'less',
    when: 'a value after != has quotes or blanks around it, or a quote in it',
    there:
      'the value is changed when it is read (" is removed, other quotes and blanks belong to it), so alerts do not have it and the comparison always holds',
    here: 'quotes around it are taken off and what is in them stays, so alerts with this value are left out',
  },
  {
    id: 'number-never-excluded',
    effect: 'less',
    when: 'a value after != is a number of seven digits or more, or has zeros at its end after the dot',
    there:
      'numbers of alerts are rounded and written like 1.00066e+09 before they are compared, so the comparison always holds for them',
    here: 'numbers keep their digits, so alerts with this one are left out',
  },
  {
    id: 'null-text',
    effect: 'less',
    when: 'a value after = is <nil>',
    there: 'null is compared as the text <nil>, so the comparison holds for fields that are null',
    here: 'a field that is null equals no text; write match.condition: not FIELD exists',
  },
  {
    id: 'comma-parts',
    effect: 'more',
    when: 'a value in quotes contains a comma',
    there: 'quotes mean nothing, so the comma begins another comparison',
    here: 'the comma belongs to the value',
  },
  {
    id: 'priority-unknown',
    effect: 'less',
    when: 'match.priority begins with <',
    there: 'an alert without a priority, or with an unknown one, is below every priority and matches',
    here: 'such an alert satisfies no match.priority',
  },
  {
    id: 'tag-blanks',
    effect: 'other',
    when: 'a tag has a blank in it',
    there: 'blanks are removed from it before it is compared',
    here: 'blanks belong to a tag; only those around it are dropped',
  },
  {
    id: 'condition-ignored',
    effect: 'less',
    when: 'match has a condition',
    there: 'the key is unknown and ignored, so the rule matches by its other criteria alone, or every alert',
    here: 'the condition counts',
  },
  {
    id: 'priority-reset',
    effect: 'less',
    when: 'a later block of a rule does not repeat its match.priority',
    there: 'the later block takes the priority away, so the rule matches alerts of all priorities',
    here: 'what a later block does not mention stays',
  },
  {
    id: 'source-reset',
    effect: 'less',
    when: 'a later block of a rule does not repeat its match.source',
    there: 'the later block takes the source away, so the rule matches alerts of all sources',
    here: 'what a later block does not mention stays',
  },
  {
    id: 'action-repeated',
    effect: 'less',
    when: 'a later block of a rule has an action of a name it already has',
    there: 'the action is added, so it runs twice: first as the earlier block says, then as this one',
    here: 'it is laid in the place of the earlier one and runs once',
  },
  {
    id: 'shared-entry-wins',
    effect: 'other',
    when: 'a rule and its shared action give one entry of a parameter that is a map (a label, an annotation)',
    there: "the shared action's value wins",
    here: "the rule's own value wins",
  },
  {
    id: 'list-appended',
    effect: 'other',
    when: 'a parameter that is a list is given twice (in a shared action and a rule, or in two blocks of one name)',
    there: 'both lists are taken together',
    here: "the rule's list, or the later one, takes the place of the other",
  },
  {
    id: 'list-nested',
    effect: 'other',
    when: 'a later block of a shared action gives a parameter that is a list and was not given before',
    there: 'it is put into another list, and the rules are refused',
    here: 'it is taken as it is',
  },
  {
    id: 'parameters-joined',
    effect: 'other',
    when: 'a rule or a later block names another actionner, or a rule another output target, and there are parameters already',
    there: 'the parameters of both are taken together',
    here: 'parameters belong to their actionner or target, so only those beside the new one count',
  },
  {
    id: 'other-target',
    effect: 'other',
    when: 'a later block of a shared action names another output target',
    there: 'the first target stays',
    here: 'the later one counts, with its own parameters',
  },
  {
    id: 'contexts-ignored',
    effect: 'other',
    when: 'an action has contexts or additional_contexts',
    there: 'they are never fetched, and their variables are empty',
    here: 'they are fetched, and the action fails when that fails',
  },
  {
    id: 'notifier-case',
    effect: 'other',
    when: 'a notifier is not written in lower case',
    there: 'it is never told of anything',
    here: 'the case does not matter, so it is told',
  },
  {
    id: 'dry-run-told',
    effect: 'other',
    when: 'dry_run is true',
    there: 'nothing but one log line comes of it',
    here: 'targets are checked, contexts fetched, and the notifiers told what would have been done',
  },
  {
    id: 'refused',
    effect: 'other',
    when: 'a field or a tag has another character than letters, digits, dots (and [ ], _ in tags), a priority is Info or has blanks in it, a switch is not true or false in lower case, a rule has no action, or an earlier block an action without an actionner',
    there: 'the rules are refused as a whole',
    here: 'this is understood',
  },
] as const satisfies readonly LanguageDifference[];

export type LanguageId = (typeof LANGUAGE_DIFFERENCES)[number]['id'];
