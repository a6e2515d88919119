import type { ApiObject } from '../api-object.ts';
import type { JsonObject } from '../json.ts';
import { at, isObject, textAt } from '../json.ts';
import { badRequest } from '../server/refusals.ts';

function containers(pod: ApiObject, list: string): readonly JsonObject[] {
  const found = at(pod, 'spec', list);
  return Array.isArray(found) ? found.filter(isObject) : [];
}

/** The container asked for, or the only one. @throws Refusal */
export function chooseContainer(pod: ApiObject, wanted: string): string {
  const { name } = pod.metadata;
  const regular = containers(pod, 'containers');
  const all = ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) => containers(pod, list));
  const names = all.map((container) => textAt(container, 'name'));
  if (wanted !== '') {
    if (!names.includes(wanted)) throw badRequest(`container ${wanted} is not valid for pod ${name}`);
    return wanted;
  }
  if (regular.length === 1) return textAt(regular[0], 'name');
  throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${names.join(' ')}]`);
}

export function statusOf(pod: ApiObject, container: string): JsonObject | undefined {
  for (const list of ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses']) {
    const statuses = at(pod, 'status', list);
    const found = Array.isArray(statuses) ? statuses.find((status) => textAt(status, 'name') === container) : undefined;
    if (isObject(found)) return found;
  }
  return undefined;
}

/** The environment the spec gives a container; values from elsewhere are left out. */
export function environmentOf(pod: ApiObject, container: string): Readonly<Record<string, string>> {
  const lists = ['initContainers', 'containers', 'ephemeralContainers'];
  const own = lists.flatMap((list) => containers(pod, list)).find((one) => textAt(one, 'name') === container);
  const given = at(own, 'env');
  const entries = Array.isArray(given) ? given.map((one) => [textAt(one, 'name'), textAt(one, 'value')] as const) : [];
  return Object.fromEntries(entries);
}
