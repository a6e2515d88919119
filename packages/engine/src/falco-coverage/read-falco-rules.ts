import type { Problem, RuleFile } from '../rules/rule.ts';
import { isNull, pathText, type YamlNode } from '../rules/yaml-node.ts';
import { readYamlStream } from '../rules/yaml-document.ts';
import { applyBlock, type Collected } from './apply-falco-block.ts';
import { positionOf, type ReportFalco } from './falco-block.ts';
import type { FalcoRule } from './falco-rule.ts';

/** The rules that ship with Falco and all its plugins are fewer than 300. */
const RULES_LIMIT = 5_000;
const PROBLEM_LIMIT = 100;

export interface FalcoRules {
  /** In Falco's order. */
  readonly rules: readonly FalcoRule[];
  /** What Falco would refuse too, all of it at once. */
  readonly problems: readonly Problem[];
}

/**
 * Falco's own rules files, later ones over earlier ones, read as Falco's loader does
 * (https://github.com/falcosecurity/falco/blob/master/userspace/engine/rule_loader_reader.cpp). Conditions, macros and
 * lists are left alone. Pure.
 */
export function readFalcoRules(files: readonly RuleFile[]): FalcoRules {
  const collected: Collected = new Map();
  const problems: Problem[] = [];
  for (const { path: file, text } of files) {
    const stream = readYamlStream(file, text);
    problems.push(...stream.problems);
    const report: ReportFalco = (place, path, message) => {
      const at = positionOf(place);
      if (problems.length < PROBLEM_LIMIT) problems.push({ ...at, severity: 'error', path: pathText(path), message });
    };
    for (const root of stream.roots) readDocument(root, collected, report);
  }
  return { rules: [...collected.values()], problems };
}

function readDocument(root: YamlNode, collected: Collected, report: ReportFalco): void {
  if (isNull(root)) return;
  if (root.kind !== 'list') {
    report(root.place, [], "Falco's rules are a list of blocks, each beginning with - rule:, - macro: or - list:");
    return;
  }
  for (const block of root.items) {
    if (isNull(block)) continue;
    if (block.kind !== 'map') report(block.place, [], 'a block is a map that begins with - rule:, - macro: or - list:');
    else applyBlock(block, collected, report);
    if (collected.size > RULES_LIMIT) {
      report(block.place, [], `these are more than ${RULES_LIMIT} rules`);
      return;
    }
  }
}
