import { strictObject, TalonError, targetText, Type, type FalcoEvent, type Static } from '@falco-talon/core';
import { kubernetesFailure, nameParameter, type KubernetesReads } from '@falco-talon/client-kubernetes';
import { containerOfEvent, findContainer } from './container-of-event.ts';
import type { Pod } from './pod.ts';
import { readPod, type PodTarget } from './read-pod.ts';

/** The parameter of the actions that act on one container. */
export const containerParameter = Type.Optional(
  nameParameter('a container', {
    description: "Name of the container. Absent: the one the alert is about, else the pod's default one.",
  }),
);

/** Facts of these actions. */
export const containerChoice = strictObject({
  /** Absent: the API server chooses, as long as the pod has one container. */
  container: Type.Optional(Type.String()),
  /** The alert is about the run before the container's last restart. */
  previous: Type.Boolean(),
  /** `rule`: the parameter; `id`, `name`: the alert; `default`: neither. */
  by: Type.Union([Type.Literal('rule'), Type.Literal('id'), Type.Literal('name'), Type.Literal('default')]),
});
export type ContainerChoice = Static<typeof containerChoice>;

/** What a choice is made from. */
export interface ChoiceContext {
  readonly event: FalcoEvent;
  readonly target: PodTarget;
  readonly reads: Pick<KubernetesReads, 'get'>;
  readonly signal: AbortSignal;
  /** Looks at the pod when it is read anyway; throws when the action is none for it. */
  readonly inspect?: (pod: Pod) => void;
}

/** Reads the pod only when the alert's `container.id` has to be looked up. */
export async function chooseContainer(named: string | undefined, context: ChoiceContext): Promise<ContainerChoice> {
  if (named !== undefined) return { container: named, previous: false, by: 'rule' };
  const wanted = containerOfEvent(context.event);
  if (wanted.id !== undefined) return (await findInPod(context)) ?? { previous: false, by: 'default' };
  if (wanted.name !== undefined) return { container: wanted.name, previous: false, by: 'name' };
  return { previous: false, by: 'default' };
}

/**
 * Does the work in the container chosen. When the API server refuses because the pod has several containers, or none of the
 * name the alert gives, the pod is read and the work done again in the one it should be.
 */
export async function inContainer<T>(
  choice: ContainerChoice,
  context: ChoiceContext,
  work: (choice: ContainerChoice) => Promise<T>,
): Promise<{ readonly choice: ContainerChoice; readonly done: T }> {
  try {
    return { choice, done: await work(choice) };
  } catch (error) {
    if (choice.by === 'rule') throw unknownContainer(error, choice, context);
    const mayChoose = choice.by === 'name' || choice.container === undefined;
    if (!mayChoose || kubernetesFailure(error)?.status !== 400) throw error;
    const found = await findInPod(context);
    if (found === undefined || found.container === choice.container) throw error;
    return { choice: found, done: await work(found) };
  }
}

/** The server's answer, in words about the rule when it is about the container the rule names; else the error as it was. */
function unknownContainer(error: unknown, { container }: ContainerChoice, { target }: ChoiceContext): unknown {
  const failure = kubernetesFailure(error);
  if (failure?.status !== 400 || !failure.message.includes('is not valid for pod')) return error;
  return new TalonError(
    'rejected',
    `${targetText(target)} has no container ${container}, which the parameter container of the rule names`,
    { cause: failure },
  );
}

async function findInPod({ event, target, reads, signal, inspect }: ChoiceContext) {
  const pod = await readPod(reads, target, signal);
  inspect?.(pod);
  return findContainer(pod, containerOfEvent(event));
}

/** What people read: `container main of pod shop/cart-x2x9z`. */
export function containerText(target: PodTarget, container: string | undefined): string {
  const pod = targetText(target);
  return container === undefined ? pod : `container ${container} of ${pod}`;
}

/** For the record. */
export function containerObjects(
  { name, namespace }: PodTarget,
  container: string | undefined,
): Readonly<Record<string, string>> {
  return { pod: name, namespace, ...(container === undefined ? {} : { container }) };
}
