import { isExactNumber } from '@falco-talon/core';
import { Document, Scalar, visit } from 'yaml';
import { printCondition } from '../condition/print-condition.ts';
import { fieldCriteriaText } from './parse-field-criteria.ts';
import { priorityText } from './parse-priority.ts';
import { matchesEverything, type Match, type Rule, type RuleAction, type RuleSet } from './rule.ts';

/**
 * The rules as they are in force after merging: one block per rule, every default written out, no shared actions.
 * Loaded again, the text gives the same rules.
 */
export function printRules(ruleSet: RuleSet): string {
  const document = new Document(ruleSet.rules.map(ruleBlock), {
    version: '1.2',
    schema: 'core',
    aliasDuplicateObjects: false,
  });
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === 'string' && needsQuotes(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Infinity });
}

/** Scripts are printed as blocks of lines; ones with blanks where a block's indentation is told by are not. */
export function needsQuotes(text: string): boolean {
  return text.includes('\n') && /^\s|\s\n|\n\s*$/.test(text.replace(/\n$/, ''));
}

function ruleBlock(rule: Rule): object {
  return {
    rule: rule.name,
    ...(rule.description !== '' && { description: rule.description }),
    match: matchesEverything(rule.match) ? 'all' : matchBlock(rule.match),
    actions: rule.actions.map(actionBlock),
    continue: rule.continue,
    dry_run: rule.dryRun,
    notifiers: rule.notifiers,
  };
}

function matchBlock(match: Match): object {
  return {
    ...(match.rules.length > 0 && { rules: match.rules }),
    ...(match.priority && { priority: priorityText(match.priority) }),
    ...(match.source !== undefined && { source: match.source }),
    ...(match.tags.length > 0 && { tags: match.tags.map((tags) => tags.join(', ')) }),
    ...(match.outputFields.length > 0 && { output_fields: match.outputFields.map(fieldCriteriaText) }),
    ...(match.condition && { condition: printCondition(match.condition) }),
  };
}

function actionBlock(action: RuleAction): object {
  return {
    action: action.name,
    ...(action.description !== '' && { description: action.description }),
    actionner: action.actionner,
    parameters: printed(action.parameters),
    ...(action.contexts.length > 0 && { contexts: action.contexts }),
    ...(action.output && {
      output: {
        target: action.output.target,
        parameters: printed(action.output.parameters),
        ...(action.output.wait && { wait: true }),
      },
    }),
    continue: action.continue,
    ignore_errors: action.ignoreErrors,
  };
}

/** The printer knows no exact numbers. Only a parameter without a declared type can still hold one. */
function printed(value: unknown): unknown {
  if (isExactNumber(value)) return /^-?\d+$/.test(value.rawJSON) ? BigInt(value.rawJSON) : value.rawJSON;
  if (Array.isArray(value)) return value.map(printed);
  if (typeof value !== 'object' || value === null) return value;
  return new Map(Object.entries(value).map(([key, item]) => [key, printed(item)]));
}
