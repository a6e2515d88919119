import type { ApiObject } from '../api-object.ts';
import type { ApiRequest } from '../server/request.ts';
import { parseFieldSelector } from './field-selector.ts';
import { parseLabelSelector } from './label-selector.ts';

/** What a list or a watch selects. @throws Refusal 400 */
export function parseSelectors(request: ApiRequest): (object: ApiObject) => boolean {
  const labels = request.query.get('labelSelector') ?? '';
  const fields = request.query.get('fieldSelector') ?? '';
  const byLabels = labels === '' ? undefined : parseLabelSelector(labels);
  const byFields = fields === '' ? undefined : parseFieldSelector(request.resource, fields);
  return (object) => (byLabels?.(object.metadata.labels ?? {}) ?? true) && (byFields?.(object) ?? true);
}
