import type { Issue } from '@falco-talon/core';

/** All issues on one line: `labels.a must be a text, not a map; …`. */
export function issueText(issues: readonly Issue[]): string {
  return issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')} ${message}`)).join('; ');
}
