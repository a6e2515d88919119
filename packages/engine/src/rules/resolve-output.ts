import type { Actionner } from '@falco-talon/core';
import type { Registry } from '../registry/registry.ts';
import type { ActionBlock } from './block.ts';
import { checkParameters, checkSharedParameters } from './check-parameters.ts';
import { deepFreeze } from './deep-freeze.ts';
import type { Report } from './report.ts';
import { lookUp } from './look-up.ts';
import type { RuleOutput } from './rule.ts';
import type { YamlEntry } from './yaml-node.ts';

/**
 * The output of an action, checked; undefined when there is none and none is needed.
 * @param policy the actionner's; undefined when the actionner is unknown
 * @param extent `partly` for a shared action, whose rules may add what is missing
 */
export function resolveOutput(
  action: ActionBlock,
  policy: Actionner['output'] | undefined,
  registry: Registry,
  report: Report,
  extent: 'wholly' | 'partly' = 'wholly',
): RuleOutput | undefined | 'invalid' {
  const { output, actionner } = action;
  if (!output) {
    if (policy !== 'required' || action.broken.has('output')) return undefined;
    const known = [...registry.outputs.keys()].toSorted().join(', ');
    report.error(action.name.place, `${actionner!.text} needs an output (known: ${known || 'none is loaded'})`);
    return 'invalid';
  }
  if (policy === 'none') {
    report.error(output.place, `${actionner!.text} has nothing to store, so it takes no output`);
    return 'invalid';
  }
  if (!output.target) {
    if (extent === 'wholly' && !output.broken.has('target'))
      report.error(output.place, 'target is missing: which output');
    return 'invalid';
  }
  const part = lookUp(output.target, 'output', registry, report)?.part;
  if (!part || output.broken.size > 0) return 'invalid';
  const entry: YamlEntry = output.parameters ?? {
    key: output.place,
    value: { kind: 'map', place: output.place, entries: new Map() },
  };
  if (extent === 'partly') {
    checkSharedParameters(part, entry, report);
    return 'invalid';
  }
  const parameters = checkParameters(part, entry, report);
  if (!parameters) return 'invalid';
  return { target: output.target.text, parameters: deepFreeze(parameters), ...(output.wait && { wait: true }) };
}
