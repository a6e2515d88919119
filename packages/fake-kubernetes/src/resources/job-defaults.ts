import type { ApiObject } from '../api-object.ts';
import type { JsonObject } from '../json.ts';
import { at, isObject } from '../json.ts';

const DEFAULTS: JsonObject = {
  parallelism: 1,
  completions: 1,
  backoffLimit: 6,
  manualSelector: false,
  completionMode: 'NonIndexed',
  suspend: false,
  podReplacementPolicy: 'TerminatingOrFailed',
};

/** What the server fills in for a Job; without a selector of its own its pods are told apart by its uid. Changes `job`. */
export function setJobDefaults(job: ApiObject): void {
  const spec = (job.spec ??= {});
  if (spec['manualSelector'] === true || spec['selector'] !== undefined) return;
  for (const [key, value] of Object.entries(DEFAULTS)) spec[key] ??= value;
  const { name, uid } = job.metadata;
  const template = isObject(spec['template']) ? spec['template'] : {};
  const metadata = isObject(template['metadata']) ? template['metadata'] : {};
  const given = at(metadata, 'labels');
  spec['selector'] = { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } };
  const labels = {
    ...(isObject(given) ? (given as Record<string, string>) : {}),
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  };
  // A Job without labels gets those of its template.
  job.metadata.labels ??= labels;
  spec['template'] = { ...template, metadata: { ...metadata, labels } };
}
