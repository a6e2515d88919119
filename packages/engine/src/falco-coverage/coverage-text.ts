import { counted } from '../rules/counted.ts';
import { formatProblems } from '../rules/format-problem.ts';
import { printable } from '../rules/printable.ts';
import type { RuleFile } from '../rules/rule.ts';
import type { AppendOutput, Coverage, CoveredRule } from './coverage.ts';

/**
 * For people.
 * @param files the rules files, for the lines that findings are about
 * @param config the falco.yaml that was read; undefined: none
 */
export function coverageText(coverage: Coverage, files: readonly RuleFile[], config: string | undefined): string {
  const { summary, findings, falco_rules: rules, append_output: additions } = coverage;
  const unanswered = rules.filter(({ enabled, responses }) => enabled && responses.length === 0);
  const observed = rules.filter(({ enabled, responses }) => enabled && responses.length > 0 && !acts({ responses }));
  const sections = [
    formatProblems(findings, files),
    additionsText(additions, config),
    listText('Without a response', unanswered),
    listText('Answered in a dry run only', observed),
    `${counted(summary.falco_rules, 'rule')} of Falco, ${summary.enabled} enabled: ` +
      `${summary.answered} answered, ${summary.observed} in a dry run only, ${summary.unanswered} without a response`,
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

function acts({ responses }: Pick<CoveredRule, 'responses'>): boolean {
  return responses.some(({ dry_run: dry }) => !dry);
}

function listText(title: string, rules: readonly CoveredRule[]): string {
  if (rules.length === 0) return '';
  const width = Math.max(...rules.map(({ priority }) => priority.length));
  const lines = rules.map(({ rule, priority, source }) => {
    const origin = source === 'syscall' ? '' : ` (${printable(source)})`;
    return `  ${priority.padEnd(width)}  ${printable(rule)}${origin}`;
  });
  return [`${title}:`, ...lines].join('\n');
}

function additionsText(additions: readonly AppendOutput[], config: string | undefined): string {
  if (additions.length === 0) return '';
  const entries = additions.flatMap(({ match, extra_fields: fields }) => [
    `  - match: ${matchText(match)}`,
    `    extra_fields: [${fields.map(fieldText).join(', ')}]`,
  ]);
  const head =
    config === undefined
      ? [
          'In falco.yaml this adds the missing fields. It takes the place of the list that ships, so it keeps its entry:',
          'append_output:',
          '  - suggested_output: true',
        ]
      : [`Added to append_output in ${printable(config)}, this adds the missing fields:`];
  return [...head, ...entries].join('\n');
}

function matchText(match: AppendOutput['match']): string {
  return 'rule' in match
    ? `{rule: ${printable(JSON.stringify(match.rule))}}`
    : `{source: ${printable(JSON.stringify(match.source))}}`;
}

/** In a list between brackets, a field with an argument needs quotes. */
function fieldText(field: string): string {
  return /^[\w.]+$/.test(field) ? field : printable(JSON.stringify(field));
}
