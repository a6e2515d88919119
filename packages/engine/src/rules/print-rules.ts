import { printCondition } from '../condition/print-condition.ts';
import { jsonText, yamlText } from './data-text.ts';
import { fieldCriteriaText } from './parse-field-criteria.ts';
import { priorityText } from './parse-priority.ts';
import { matchesEverything, type Match, type Rule, type RuleAction, type RuleSet } from './rule.ts';

/**
 * The rules as they are in force after merging: one block per rule, every default written out, no shared actions.
 * Loaded again, the text gives the same rules.
 */
export function printRules({ rules }: RuleSet, format: 'yaml' | 'json' = 'yaml'): string {
  const blocks = rules.map(ruleBlock);
  return format === 'json' ? jsonText(blocks) : yamlText(blocks);
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
    parameters: action.parameters,
    ...(action.contexts.length > 0 && { contexts: action.contexts }),
    ...(action.output && {
      output: {
        target: action.output.target,
        parameters: action.output.parameters,
        ...(action.output.wait && { wait: true }),
      },
    }),
    continue: action.continue,
    ignore_errors: action.ignoreErrors,
  };
}
