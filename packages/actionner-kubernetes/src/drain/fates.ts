import type { ErrorCode } from '@falco-talon/core';

/** What has become of one pod of the node. */
export type Fate =
  | { readonly kind: 'evicted' }
  /** It went by itself, or was replaced, before it could be evicted. */
  | { readonly kind: 'gone' }
  /** Evicted, or deleted by somebody else, and still stopping. `waited`: longer than it was given. */
  | { readonly kind: 'terminating'; readonly waited: boolean; readonly evicted: boolean }
  | { readonly kind: 'ignored'; readonly reason: string }
  | { readonly kind: 'refused'; readonly budget: string; readonly reason: string }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly reason: string };

export interface PodFate {
  /** `shop/cart-x2x9z` */
  readonly pod: string;
  readonly fate: Fate;
}

const SHOWN = 20;

/** One line for people. */
export function fateText({ pod, fate }: PodFate): string {
  return `${pod}: ${fateWords(fate)}`;
}

function fateWords(fate: Fate): string {
  switch (fate.kind) {
    case 'evicted':
      return 'evicted';
    case 'gone':
      return 'gone before it was evicted';
    case 'terminating': {
      const since = fate.evicted ? 'evicted' : 'was terminating already';
      return fate.waited ? `${since}, still terminating after max_wait_period` : `${since}, still terminating`;
    }
    case 'ignored':
      return `ignored: ${fate.reason}`;
    case 'refused':
      return `refused by budget ${fate.budget}: ${fate.reason}`;
    case 'failed':
      return `failed: ${fate.reason}`;
  }
}

export function isProblem({ fate }: PodFate): boolean {
  return fate.kind === 'refused' || fate.kind === 'failed' || (fate.kind === 'terminating' && fate.waited);
}

/** `evicted 5 pods (2 still terminating), 3 ignored, 1 refused by a budget`. */
export function summary(fates: readonly PodFate[]): string {
  const count = (holds: (fate: Fate) => boolean): number => fates.filter(({ fate }) => holds(fate)).length;
  const stopping = count(({ kind }) => kind === 'terminating');
  const evicted = count((fate) => fate.kind === 'evicted' || (fate.kind === 'terminating' && fate.evicted));
  const parts = [
    `evicted ${evicted} ${evicted === 1 ? 'pod' : 'pods'}`,
    ...some(stopping, 'still terminating'),
    ...some(
      count(({ kind }) => kind === 'gone'),
      'gone already',
    ),
    ...some(
      count(({ kind }) => kind === 'ignored'),
      'ignored',
    ),
    ...some(
      count(({ kind }) => kind === 'refused'),
      'refused by a budget',
    ),
    ...some(
      count(({ kind }) => kind === 'failed'),
      'failed',
    ),
  ];
  return parts.join(', ');
}

function some(count: number, what: string): readonly string[] {
  return count === 0 ? [] : [`${count} ${what}`];
}

/** The pods that are not as they should be, for a failure's message. */
export function problemText(fates: readonly PodFate[]): string {
  const problems = fates.filter(isProblem);
  const more = problems.length > SHOWN ? `; and ${problems.length - SHOWN} more` : '';
  return `${problems.slice(0, SHOWN).map(fateText).join('; ')}${more}`;
}

/** The code of a drain with problems: that of what went wrong first, else that its time was over. */
export function problemCode(fates: readonly PodFate[]): ErrorCode {
  const problems = fates.filter(isProblem).map(({ fate }) => fate);
  const failed = problems.find((fate) => fate.kind === 'failed');
  if (failed !== undefined) return failed.code;
  return problems.some(({ kind }) => kind === 'refused') ? 'throttled' : 'timeout';
}
