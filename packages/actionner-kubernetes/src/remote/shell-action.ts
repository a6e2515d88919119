import {
  podTarget,
  TalonError,
  Type,
  isTalonError,
  type Checked,
  type ReadContext,
  type Result,
  type RunContext,
} from '@falco-talon/core';
import type { kubernetes } from '@falco-talon/client-kubernetes';
import { begin } from '../pod/begin.ts';
import {
  chooseContainer,
  containerObjects,
  containerParameter,
  containerText,
  inContainer,
  type ContainerChoice,
} from '../pod/container-choice.ts';
import { readPod } from '../pod/read-pod.ts';
import { remoteEnvironment } from './environment.ts';
import { AROUND_COMMAND, runRemote, type RemoteCommand } from './run-remote.ts';
import { createSaid } from './said.ts';
import { refuseWindows } from './windows.ts';

/** What `exec` and `script` share beside the text they run. */
export const shellParameters = {
  shell: Type.String({
    default: '/bin/sh',
    pattern: '^/?[A-Za-z0-9._+-]+(/[A-Za-z0-9._+-]+)*$',
    form: 'the path or the name of one program, without arguments',
    description: 'The POSIX shell of the container that runs it: a path, or a name the container finds in its PATH.',
  }),
  container: containerParameter,
  timeout: Type.Integer({
    minimum: 1,
    maximum: 3600,
    default: 60,
    description: 'Seconds after which it is ended, with everything it has started.',
  }),
};

export interface ShellParameters {
  readonly shell: string;
  readonly container?: string;
  readonly timeout: number;
}
type Uses = { readonly kubernetes: typeof kubernetes };
type Check<P> = ReadContext<P, Uses>;
type Run<P> = RunContext<P, Uses, ContainerChoice>;

/** Rights for running something in a container. */
export const EXEC_PERMISSIONS = [
  { kind: 'kubernetes', apiGroup: '', resources: ['pods/exec'], verbs: ['get', 'create'] },
  { kind: 'kubernetes', apiGroup: '', resources: ['pods'], verbs: ['get'], when: 'no container is given' },
] as const;

export function commandTimeLimit({ timeout }: ShellParameters): number {
  return timeout * 1000 + AROUND_COMMAND;
}

export function choiceContext({ event, reads, signal }: Check<unknown>) {
  return { event, target: podTarget(event), reads: reads.kubernetes, signal, inspect: refuseWindows };
}

export async function checkContainer(
  context: Check<{ readonly container?: string }>,
): Promise<Checked<ContainerChoice>> {
  return { facts: await chooseContainer(context.parameters.container, choiceContext(context)) };
}

/** One line: `container main of pod shop/cart-0`, once the pod is known to exist. */
export async function previewPlace(context: Check<unknown> & { readonly facts: ContainerChoice }): Promise<string> {
  const target = podTarget(context.event);
  refuseWindows(await readPod(context.reads.kubernetes, target, context.signal));
  return containerText(target, context.facts.container);
}

/**
 * Runs a script in the container's shell, with the event's values as its environment.
 * @throws TalonError `command_failed` when it ends with another exit code than 0, `timeout`, …
 */
export async function runInShell(context: Run<ShellParameters>, script: string | Uint8Array): Promise<Result> {
  const { parameters, signal } = context;
  const target = podTarget(context.event);
  const { namespace, name } = target;
  const { exported, withheld } = remoteEnvironment(context.tokens());
  const note = withheld === undefined ? '' : `; ${withheld}`;
  const said = createSaid();
  let remote: RemoteCommand | undefined;
  try {
    const { choice, done: output } = await inContainer(context.facts, choiceContext(context), ({ container }) => {
      remote = runRemote(context.clients.kubernetes, {
        pod: { namespace, name },
        ...(container === undefined ? {} : { container }),
        shell: parameters.shell,
        script,
        environment: exported,
        timeLimit: parameters.timeout * 1000,
        signal,
      });
      return begin(remote.output);
    });
    let next = await output.next();
    for (; !next.done; next = await output.next()) said.add(next.value);
    const { exitCode } = next.value;
    const where = containerText(target, choice.container);
    if (exitCode !== 0)
      throw commandFailed(`the command ended with exit code ${exitCode} in ${where}${note}`, said.lastWords());
    return {
      status: 'success',
      message: `ran the command in ${where}${said.cut() ? ', its output is cut' : ''}${note}`,
      objects: { ...containerObjects(target, choice.container), exit_code: String(exitCode) },
      output: said.text(),
    };
  } catch (error) {
    throw withLastWords(error, said.lastWords());
  } finally {
    await remote?.end();
  }
}

function commandFailed(what: string, lastWords: string): TalonError {
  return new TalonError('command_failed', lastWords === '' ? what : `${what}: ${lastWords}`);
}

/** What a command said until it took too long is often why. */
function withLastWords(error: unknown, lastWords: string): unknown {
  if (!isTalonError(error) || error.code !== 'timeout' || lastWords === '') return error;
  return new TalonError('timeout', `${error.message}; it said: ${lastWords}`, { cause: error });
}
