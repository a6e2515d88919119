import { createHash } from 'node:crypto';

/** More captures of one step than its attempts can begin. */
const MOST = 5;

/**
 * What a step calls its captures: the same at every attempt, so that a repeat finds the first. The later ones are for
 * attempts after one whose container has ended: a container that has ended cannot be used again.
 */
export function captureNames(tool: string, stepId: string, content: unknown): readonly string[] {
  const hash = createHash('sha256')
    .update(JSON.stringify([stepId, content]))
    .digest('hex')
    .slice(0, 12);
  return Array.from({ length: MOST }, (_, n) => `falco-talon-${tool}-${hash}${n === 0 ? '' : `-${n + 1}`}`);
}
