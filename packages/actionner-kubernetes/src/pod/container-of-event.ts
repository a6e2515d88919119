import { fieldText, type FalcoEvent } from '@falco-talon/core';
import { containerRun } from '@falco-talon/client-kubernetes';
import { containerNames, type Pod } from './pod.ts';

/** What an alert says about the container. Hostile text, so only what can be a container's id or name is let through. */
export interface WantedContainer {
  /** 12 to 64 hex digits; Falco gives the first 12. */
  readonly id?: string;
  readonly name?: string;
}

export interface FoundContainer {
  readonly container: string;
  /** The alert is about the run before the container's last restart. */
  readonly previous: boolean;
  readonly by: 'id' | 'name' | 'default';
}

const CONTAINER_ID = /^[0-9a-f]{12,64}$/;
const CONTAINER_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Falco says `host` for a process outside containers, and `<NA>` when it does not know. */
export function containerOfEvent(event: FalcoEvent): WantedContainer {
  const id = fieldText(event, 'container.id')?.toLowerCase() ?? '';
  const name = fieldText(event, 'container.name') ?? '';
  const hasId = CONTAINER_ID.test(id);
  const hasName = CONTAINER_NAME.test(name) && (hasId || (id !== 'host' && name !== 'host'));
  return { ...(hasId ? { id } : {}), ...(hasName ? { name } : {}) };
}

/** The pod's container an alert means; its default one when the alert's is none of the pod's. Undefined: it has no container. */
export function findContainer(pod: Pod, wanted: WantedContainer): FoundContainer | undefined {
  const { id, name } = wanted;
  if (id !== undefined) {
    const run = containerRun(pod, id);
    if (run) return { ...run, by: 'id' };
  }
  if (name !== undefined && containerNames(pod).includes(name)) return { container: name, previous: false, by: 'name' };
  const container = defaultContainer(pod);
  return container === undefined ? undefined : { container, previous: false, by: 'default' };
}

/** As kubectl chooses. https://kubernetes.io/docs/reference/labels-annotations-taints/#kubectl-kubernetes-io-default-container */
function defaultContainer(pod: Pod): string | undefined {
  const named = pod.metadata.annotations?.['kubectl.kubernetes.io/default-container'];
  return named !== undefined && containerNames(pod).includes(named) ? named : pod.spec?.containers?.[0]?.name;
}
