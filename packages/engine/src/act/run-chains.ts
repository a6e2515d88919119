import { laneKey, type FalcoEvent, type Status } from '@falco-talon/core';
import type { PlannedStep, Plan } from '../plan/plan.ts';
import type { Registry } from '../registry/registry.ts';
import type { Lanes, Ticket } from './lanes.ts';

export interface ChainedStep {
  readonly step: PlannedStep;
  readonly ticket: Ticket;
}

/** Takes the lane tickets of all steps of an event at once. Must be called in delivery order. */
export function enterLanes(
  event: FalcoEvent,
  plan: Plan,
  registry: Registry,
  lanes: Lanes,
): readonly (readonly ChainedStep[])[] {
  return plan.chains.map(({ steps }) => {
    const tickets = lanes.enter(steps.map((step) => laneOf(event, step, registry)));
    return steps.map((step, index) => ({ step, ticket: tickets[index]! }));
  });
}

function laneOf(event: FalcoEvent, step: PlannedStep, registry: Registry): string | undefined {
  try {
    const target = registry.actionners.get(step.actionner)?.part.target({ event, parameters: step.parameters });
    return target && laneKey(target);
  } catch {
    // Without a target the step touches nothing; when it runs, it fails with a record that says why.
    return undefined;
  }
}

export interface Ran {
  readonly status: Status;
  /** Resolves when the result is in the journal: the chain's next step must not start earlier. */
  readonly stored: Promise<void>;
}

/**
 * Runs each chain's steps in order; chains do not wait for each other except in lanes. A chain ends after an error that
 * is not ignored, and after a step that does not continue.
 */
export async function runChains(
  chains: readonly (readonly ChainedStep[])[],
  signal: AbortSignal,
  run: (step: PlannedStep) => Promise<Ran>,
): Promise<void> {
  const ends = await Promise.allSettled(chains.map((chain) => runChain(chain, signal, run)));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}

async function runChain(
  chain: readonly ChainedStep[],
  signal: AbortSignal,
  run: (step: PlannedStep) => Promise<Ran>,
): Promise<void> {
  let previous = Promise.resolve();
  try {
    for (const { step, ticket } of chain) {
      await previous;
      await headOf(ticket, signal);
      const { status, stored } = await run(step);
      ticket.leave();
      if (!goesOn(step, status)) return;
      previous = stored;
    }
  } finally {
    for (const { ticket } of chain) ticket.leave();
  }
}

/** Whether the chain's next step may run. */
export function goesOn(step: PlannedStep, status: Status): boolean {
  return (status !== 'failure' || step.ignoreErrors) && step.continue;
}

async function headOf(ticket: Ticket, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  if (signal.aborted) throw signal.reason;
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([ticket.head, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
    aborted.promise.catch(() => {});
  }
}
