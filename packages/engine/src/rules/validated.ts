import { errorText, type Issue } from '@falco-talon/core';

/** A plugin's own check, which may throw. */
export function validated(check: () => readonly Issue[]): readonly Issue[] {
  try {
    return check();
  } catch (error) {
    return [{ path: [], message: `the parameters could not be checked: ${errorText(error)}` }];
  }
}
