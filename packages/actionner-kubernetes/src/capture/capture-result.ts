import { TalonError, type KeptArtifact, type Result } from '@falco-talon/core';
import type { CaptureEnd } from './capture-stream.ts';

export interface CaptureSummary {
  readonly tool: string;
  /** What people read: `the traffic of pod shop/cart`. */
  readonly what: string;
  /** Seconds it was to take. */
  readonly duration: number;
  readonly objects: Readonly<Record<string, string>>;
  /** More to say, a sentence part each. */
  readonly notes: readonly string[];
}

/**
 * The result of a capture whose bytes are kept.
 * @throws TalonError `unsupported` when the tool failed
 */
export function captureResult(kept: KeptArtifact, end: CaptureEnd, summary: CaptureSummary): Result {
  const { tool, what, duration, objects, notes } = summary;
  const asWanted = kept.truncated || end.cut !== undefined || end.stopped || end.exitCode === 0;
  if (!asWanted) throw captureFailure(tool, what, end);
  const seconds = (end.time / 1000).toFixed(1);
  const full = kept.truncated && end.cut === undefined;
  const early = !kept.truncated && end.cut === undefined && !end.stopped && end.time < duration * 900;
  const remarks = [
    ...(full ? [`cut at the size limit after ${seconds} s`] : []),
    ...(end.cut === undefined ? [] : [`cut short after ${seconds} of ${duration} s: ${end.cut}`]),
    ...(early ? [`${tool} ended by itself after ${seconds} of ${duration} s`] : []),
    ...notes,
  ];
  const message = [`kept ${kept.bytes} bytes of ${what}, captured for ${duration} s`, ...remarks].join('; ');
  return { status: 'success', message, objects, ...(end.said === '' ? {} : { output: end.said }) };
}

/** What is said of a tool that failed. */
export function captureFailure(tool: string, what: string, { exitCode, said }: CaptureEnd): TalonError {
  const hint = hints.find(([pattern]) => pattern.test(said))?.[1] ?? 'see the requirements of the image';
  const code = exitCode === undefined ? '' : ` (exit code ${exitCode})`;
  return new TalonError('unsupported', `${tool} did not capture ${what}${code}: ${said || 'it said nothing'}; ${hint}`);
}

/** What the words of the tools mean. */
const hints: readonly (readonly [RegExp, string])[] = [
  [/Couldn't change to/, 'this tcpdump wants to be another user, which the container may not; take another image'],
  [/not found|No such file/, 'the image has no such program'],
  [
    /bpf|BTF|perf|probe|RLIMIT_MEMLOCK|kernel/i,
    'the node needs a kernel of 5.8 or later with BTF, and an image whose sysdig knows --modern-bpf',
  ],
];
