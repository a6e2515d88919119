import type { Hold } from './held-queue.ts';

/** Where the process is killed. */
export interface Boundary {
  readonly name: string;
  /** What the journal stands still at. */
  readonly hold?: Hold;
  /** Only what writes an intent, or keeps an artifact, comes by there. */
  readonly only?: 'intent' | 'keeps';
  /** What becomes of the call that acts. */
  readonly fault?: 'hang' | 'no-answer' | 'unavailable';
  /** Nobody is told before the crash. */
  readonly untold?: boolean;
  /** By then whoever is to be told was. */
  readonly told?: boolean;
  /** By then a command that is not to be repeated had not begun. */
  readonly before?: boolean;
  /** By then the result was on disk. */
  readonly after?: boolean;
  /** The one of the short version. */
  readonly short?: boolean;
}

export const BOUNDARIES: readonly Boundary[] = [
  { name: 'after the plan, before the intent', hold: { at: 'intent', written: false }, only: 'intent', before: true },
  { name: 'after the intent, before the call', hold: { at: 'intent', written: true }, only: 'intent' },
  { name: 'after the call was sent, before it arrived', fault: 'hang' },
  { name: 'after the call, before its answer', fault: 'no-answer', short: true },
  { name: 'between two attempts', fault: 'unavailable' },
  { name: 'after an artifact was kept', hold: { at: 'kept', written: true }, only: 'keeps' },
  { name: 'after the answer, before the result', hold: { at: 'result', written: false }, untold: true },
  {
    name: 'after the result, before anybody is told',
    hold: { at: 'result', written: true },
    untold: true,
    after: true,
  },
  {
    name: 'after an upload, before that is written',
    hold: { at: 'delivered', written: false },
    only: 'keeps',
    after: true,
  },
  {
    name: 'after the notification, before that is written',
    hold: { at: 'notified', written: false },
    told: true,
    after: true,
  },
  { name: 'after all, before the end is written', hold: { at: 'done', written: false }, told: true, after: true },
];
