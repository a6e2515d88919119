import type { CallOptions, ObjectName } from '@falco-talon/client-kubernetes';

export interface ExecOptions extends CallOptions {
  readonly container?: string;
  readonly command: readonly [string, ...string[]];
  readonly stdin?: AsyncIterable<Uint8Array>;
}
export interface ExecChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly bytes: Uint8Array;
}
export interface ExecEnd {
  readonly exitCode: number;
}
/** The part of the Kubernetes client that runs programs in containers. */
export interface RemoteExec {
  exec(pod: Required<ObjectName>, options: ExecOptions): AsyncGenerator<ExecChunk, ExecEnd, void>;
}
