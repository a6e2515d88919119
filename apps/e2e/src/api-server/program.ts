import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';

export interface Program {
  /** Rejects when it ends by itself, with the end of what it printed. */
  readonly ended: Promise<never>;
  /** Ends it, gently first, by its process id. */
  stop(): Promise<void>;
}

const GENTLE = 10_000;
const LAST_LINES = 20;

/** Starts a program of its own process group, so that Ctrl-C does not end it before what depends on it. */
export async function startProgram(file: string, args: readonly string[], logFile: string): Promise<Program> {
  const log = await open(logFile, 'w');
  const child = spawn(file, args, { stdio: ['ignore', log.fd, log.fd], detached: true });
  let stopping = false;
  const exit = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(`ended with ${signal ?? `code ${code}`}`));
  }).finally(() => log.close());
  const ended = exit.then(async (how): Promise<never> => {
    if (stopping) return await new Promise(() => {});
    throw new Error(`${basename(file)} ${how}:\n${await lastLines(logFile)}`);
  });
  // Whoever does not wait for it is told when asking the API server.
  ended.catch(() => {});
  return {
    ended,
    async stop() {
      stopping = true;
      const timer = setTimeout(() => child.kill('SIGKILL'), GENTLE);
      child.kill('SIGTERM');
      await exit;
      clearTimeout(timer);
    },
  };
}

async function lastLines(logFile: string): Promise<string> {
  const file = await open(logFile);
  try {
    const lines = (await file.readFile('utf8')).trimEnd().split('\n');
    return lines.slice(-LAST_LINES).join('\n');
  } finally {
    await file.close();
  }
}
