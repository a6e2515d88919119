import type { ErrorCode } from '@falco-talon/core';
import type { DoorReason } from '../door/admission.ts';

/** Why a request was refused, beside what the door and the engine say. */
export const SERVER_REASONS = [
  'malformed',
  'headers_too_long',
  'target',
  'expectation',
  'too_slow',
  'pipelined',
  'method',
  'not_found',
  'media_type',
  'too_large',
  'in_flight',
  'buffered',
  'stopping',
  'internal',
] as const;

/** What the queue or the decoder say when they do not take an alert. */
export const ENGINE_REASONS = [
  'invalid_event',
  'queue_full',
  'queue_failed',
  'disk',
  'aborted',
] as const satisfies ErrorCode[];

/** A word for programs and metrics: the list is fixed, and docs/authentication.md explains each. */
export type Reason = (typeof SERVER_REASONS)[number] | DoorReason | ErrorCode;
