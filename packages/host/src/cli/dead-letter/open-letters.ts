import { errorText, type DeadLetters, type Logger } from '@falco-talon/core';
import { openQueue, printable } from '@falco-talon/engine';
import { dataDirectory } from '../../config/data-directory.ts';
import { engineSettings } from '../../config/engine-settings.ts';
import type { Config } from '../../config/load-config.ts';
import { controlAddress } from '../../control/control-address.ts';
import { remoteDeadLetters } from '../../control/dead-letter-calls.ts';
import { printProblems, type CommandInput, type ExitCode, type ProgramContext } from '../command.ts';
import { prepare, type Prepared } from '../prepare.ts';

export interface OpenLetters {
  readonly letters: DeadLetters;
  /** The data directory they belong to. */
  readonly directory: string;
}

/**
 * Gives `work` the dead letters of the configuration: through the server that runs, else from its queue. Whatever fails is
 * printed, with code 1.
 */
export async function withDeadLetters(
  input: CommandInput,
  work: (open: OpenLetters) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { program } = input;
  const prepared = await prepare(input);
  if (prepared.config === undefined || prepared.problems.length > 0) {
    printProblems(program, prepared.problems);
    return 1;
  }
  try {
    const directory = dataDirectory(prepared.config.host.data_directory, program.environment, program.homeDirectory);
    const address = controlAddress(directory);
    const remote = 'path' in address ? await remoteDeadLetters(address.path) : undefined;
    if (remote) return await work({ letters: remote, directory });
    const noServer = 'path' in address ? `no server answers at ${address.path}` : address.problem;
    return await withOwnQueue({ prepared, config: prepared.config, directory, noServer, program }, work);
  } catch (error) {
    printProblems(program, [`error: ${printable(errorText(error))}`]);
    return 1;
  }
}

interface OwnQueue {
  readonly prepared: Prepared;
  readonly config: Config;
  readonly directory: string;
  /** Why it is not done by a server. */
  readonly noServer: string;
  readonly program: ProgramContext;
}

async function withOwnQueue(own: OwnQueue, work: (open: OpenLetters) => Promise<ExitCode>): Promise<ExitCode> {
  const { config, directory, noServer, program, prepared } = own;
  const { registry } = prepared.loaded;
  if (registry.queues.get(config.queueType)?.part.durable === false) {
    throw new Error(`${noServer}, and the queue ${config.queueType} is nowhere else than in a server's memory`);
  }
  const closing = new AbortController();
  const scope = {
    signal: closing.signal,
    logger: problemLogger(program),
    now: Date.now,
    span: <T>(_: string, run: () => Promise<T>) => run(),
  };
  const opened = await openQueue(engineSettings(config, directory), registry, scope).catch((error: unknown) => {
    throw new Error(`${noServer}, and the queue cannot be opened: ${errorText(error)}`, { cause: error });
  });
  try {
    const letters = opened.queue.deadLetters;
    if (!letters) throw new Error(`the queue ${config.queueType} does not keep dead letters that can be looked at`);
    return await work({ letters, directory });
  } finally {
    closing.abort();
    await opened.queue.close();
  }
}

/** What a queue has to tell when it opens, such as that it was damaged, belongs on the error output. */
function problemLogger(program: ProgramContext): Logger {
  const warning = (message: string, fields: Readonly<Record<string, unknown>> = {}) =>
    printProblems(program, [`warning: ${printable(`${message} ${JSON.stringify(fields)}`)}`]);
  return { debug: () => {}, info: () => {}, warn: warning, error: warning };
}
