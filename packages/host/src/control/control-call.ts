import type { Static, TSchema } from '@falco-talon/core';

/** One thing a running server does for a command. The name is the path it is called by: `dead-letters/list`. */
export interface ControlCall<S extends TSchema = TSchema> {
  readonly name: string;
  readonly input: S;
  /** Answers what can be JSON. */
  run(input: Static<S>): Promise<unknown>;
}

/** Calls side by side in one list, each with the type of its own input. */
export function controlCall<const S extends TSchema>(call: ControlCall<S>): ControlCall {
  return call as unknown as ControlCall;
}

/** Bytes a call may have, and its answer: a page of ids; an alert with its journal. */
export const REQUEST_BYTES = 1024 * 1024;
export const ANSWER_BYTES = 64 * 1024 * 1024;
