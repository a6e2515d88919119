import { containerStatuses, type Pod } from '../pod/pod.ts';

/** Digits of an id as sysdig knows containers. */
const DIGITS = 12;
const ID = /^(?:[^/]*:\/\/)?([0-9a-f]{12,64})$/;

/** The containers of the pod that run or ran, as sysdig calls them; whatever runtime they are of. */
export function containerIds(pod: Pod): readonly string[] {
  const ids = containerStatuses(pod).flatMap(({ containerID }) => {
    const id = ID.exec(containerID ?? '')?.[1];
    return id === undefined ? [] : [id.slice(0, DIGITS)];
  });
  return [...new Set(ids)];
}

/** Nothing but the events of these containers. */
export function containerFilter(ids: readonly string[]): string {
  return `container.id in (${ids.join(', ')})`;
}
