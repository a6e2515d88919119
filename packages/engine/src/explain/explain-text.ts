import { targetText, type Permission } from '@falco-talon/core';
import { missingFieldsText } from '../act/required-fields.ts';
import { printable } from '../rules/printable.ts';
import type { ExplainedStep } from './explain-step.ts';
import type { Explanation } from './explain.ts';
import { ruleLines } from './rule-text.ts';
import { quoted, short } from './shown.ts';

/** For a terminal. What the alert says is hostile: nothing in it can steer the terminal or begin a line of its own. */
export function explanationText({ event, rules, plan, permissions }: Explanation): string {
  const facts = [event.priority || 'no priority', event.source, event.hostname].filter((fact) => fact !== '');
  const lines = [`Alert ${quoted(event.rule)} (${facts.map((fact) => printable(fact)).join(', ')})`];
  if (event.output !== '') lines.push(`  ${printable(event.output)}`);
  lines.push('', 'Rules');
  if (rules.length === 0) lines.push('  none');
  for (const rule of rules) lines.push(...ruleLines(rule));
  lines.push('', 'Plan');
  if (plan.length === 0) lines.push('  nothing is done');
  for (const [index, step] of plan.entries()) lines.push(...stepLines(step, index + 1));
  if (permissions.length > 0) lines.push('', 'Permissions');
  for (const permission of permissions) {
    lines.push(`  ${permissionText(permission)} (${permission.for.map((part) => printable(part)).join(', ')})`);
  }
  return `${lines.join('\n')}\n`;
}

function stepLines(step: ExplainedStep, number: number): string[] {
  const notes = [
    ...(step.dry_run ? ['dry run'] : []),
    ...(step.continue ? [] : ["the rule's later actions do not run"]),
    ...(step.ignore_errors ? ['errors are ignored'] : []),
  ];
  const head = `  ${number}. ${printable(step.action)} (${step.actionner}) of ${printable(step.rule)}`;
  const lines = [notes.length > 0 ? `${head}: ${notes.join(', ')}` : head];
  const add = (name: string, text: string) => {
    if (text !== '') lines.push(`       ${name}: ${text}`);
  };
  add('acts on', step.target === null ? '' : short(targetText(step.target), 600));
  add('parameters', Object.keys(step.parameters).length > 0 ? printable(JSON.stringify(step.parameters)) : '');
  for (const [name, value] of Object.entries(step.tokens)) {
    add(
      `\${${short(name, 100)}}`,
      value === null ? 'the alert does not have it: the action would fail' : quoted(value),
    );
  }
  add('contexts', step.contexts.join(', '));
  add('output', step.output ? `${step.output.target} ${printable(JSON.stringify(step.output.parameters))}` : '');
  add('notifiers', step.notifiers.join(', '));
  if (step.missing_fields.length > 0) add('would fail', printable(missingFieldsText(step.missing_fields)));
  else if (step.failure !== null) add('would fail', short(step.failure, 600));
  if (step.refusal !== null) add('would be refused', short(step.refusal, 600));
  return lines;
}

function permissionText(permission: Permission): string {
  const when = permission.when === undefined ? '' : `, when: ${permission.when}`;
  if (permission.kind !== 'kubernetes') return printable(`${permission.kind}: ${permission.actions.join(', ')}${when}`);
  const { apiGroup, resources, verbs } = permission;
  const group = apiGroup === '' ? '' : ` of ${apiGroup}`;
  return printable(`${verbs.join(', ')} ${resources.join(', ')}${group}${when}`);
}
