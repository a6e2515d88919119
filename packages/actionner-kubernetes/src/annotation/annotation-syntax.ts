import type { Issue } from '@falco-talon/core';
import { keyProblem } from '../metadata/key-syntax.ts';

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/: keys and values of one object together. */
const MOST_BYTES = 256 * 1024;

/**
 * What is wrong with the annotations a rule sets. Values are any text. The API server counts what the object has already
 * too, so it may refuse what is right here.
 */
export function annotationIssues(annotations: Readonly<Record<string, string>>): readonly Issue[] {
  const entries = Object.entries(annotations);
  const keys = entries.flatMap(([key]): readonly Issue[] => {
    // The API server looks at them in lower case, which matters for what stands before the slash.
    const problem = keyProblem(
      'annotation',
      key.slice(0, key.indexOf('/') + 1).toLowerCase() + key.slice(key.indexOf('/') + 1),
    );
    return problem === undefined ? [] : [{ path: ['annotations', key], message: problem }];
  });
  const bytes = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  if (bytes <= MOST_BYTES) return keys;
  const message = `${bytes} bytes of keys and values: the annotations of one object may have ${MOST_BYTES} together`;
  return [...keys, { path: ['annotations'], message }];
}
