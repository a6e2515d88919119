import type { Readable, Writable } from 'node:stream';

export interface ContainerName {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** Every field given has to fit. */
export type ContainerMatch = Partial<ContainerName>;

/** One command in a container. */
export interface ExecSession extends ContainerName {
  readonly command: readonly string[];
  /** As the container's spec says. */
  readonly environment: Readonly<Record<string, string>>;
  /** The container's own folder on this machine. */
  readonly folder: string;
  /** Whether the client asked for standard input. */
  readonly hasInput: boolean;
  /** Ends when the client says so, and when it is gone. */
  readonly stdin: Readable;
  /** Take as much as the client reads; nothing at all any more once it is gone. */
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Aborted when the fake is closed. A client that goes away ends no command. */
  readonly signal: AbortSignal;
}

/** Resolves with the exit code. @throws CannotStart */
export type ExecHandler = (session: ExecSession) => Promise<number> | number;
