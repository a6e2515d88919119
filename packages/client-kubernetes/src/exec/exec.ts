import { isTalonError, TalonError, type MayAct } from '@falco-talon/core';
import { kubernetesFailure, lostError, unreadableError } from '../failure.ts';
import type { ExecEnd, ExecChunk, ExecOptions, Kubernetes, ObjectName } from '../kubernetes.ts';
import type { Limits } from '../limits.ts';
import { performBy, type Call, type Session } from '../transport/call.ts';
import { STATUS, STDOUT, type Channel } from './channel.ts';
import { containerGone, endOfCommand } from './end-of-command.ts';
import { execCall } from './exec-call.ts';
import { openWebSocket } from './handshake.ts';
import { startInput } from './input.ts';

/** Running commands in containers: a WebSocket of its own for each, with the session's credentials. */
export function createExec(session: Session, limits: Limits, running: { count: number }): Kubernetes['exec'] {
  return async function* exec(pod: Required<ObjectName>, options: ExecOptions) {
    const call = execCall(pod, options, limits.execUrl);
    if (running.count >= limits.execs) {
      throw lostError(call, { lost: 'busy', sent: false, text: `${running.count} commands are running in containers` });
    }
    running.count++;
    try {
      const channel = await connect(session, limits, call);
      return yield* converse(session, channel, call, options);
    } finally {
      running.count--;
    }
  };
}

/** @throws TalonError */
async function connect(session: Session, limits: Limits, call: Call): Promise<Channel> {
  try {
    const answer = await performBy(openWebSocket, session, call, limits);
    if (answer.channel) return answer.channel;
    throw unreadableError(call, answer, `status ${answer.status} instead of a WebSocket`);
  } catch (error) {
    throw explained(call, error);
  }
}

async function* converse(
  session: Session,
  channel: Channel,
  call: Call,
  options: ExecOptions,
): AsyncGenerator<ExecChunk, ExecEnd, void> {
  const { signal } = call;
  const onAbort = (): void => channel.fail({ lost: 'aborted', sent: true, text: 'aborted' });
  const onClosing = (): void => channel.fail({ lost: 'closed', sent: true, text: 'the client is closed' });
  signal.addEventListener('abort', onAbort);
  session.closing.addEventListener('abort', onClosing);
  if (session.closing.aborted) onClosing();
  if (signal.aborted) onAbort();

  let inputError: { readonly error: unknown } | undefined;
  const stopInput =
    options.stdin &&
    startInput(channel, fenced(options.stdin, session.mayAct), (error) => {
      inputError = { error };
      channel.fail({ lost: 'network', sent: true, text: 'its input failed' });
    });
  const frames = channel.frames();
  let ended = false;
  try {
    for (;;) {
      const next = await frames.next();
      if (inputError) throw inputError.error;
      if (next.done) throw lostError(call, next.value ?? { lost: 'network', sent: true, text: 'the connection ended' });
      const bytes = next.value.subarray(1);
      ended = next.value[0] === STATUS;
      if (ended) return endOfCommand(call, bytes, options.command[0]);
      yield { stream: next.value[0] === STDOUT ? 'stdout' : 'stderr', bytes };
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    session.closing.removeEventListener('abort', onClosing);
    stopInput?.();
    if (ended) channel.close();
    else channel.fail({ lost: 'aborted', sent: true, text: 'no longer wanted' });
  }
}

/** A command acts on what it is sent; that may also be the word to end. A refusal ends the connection. */
async function* fenced(input: AsyncIterable<Uint8Array>, mayAct: MayAct | undefined) {
  for await (const bytes of input) {
    mayAct?.('ends');
    yield bytes;
  }
  mayAct?.('ends');
}

const BOTH_VERBS = 'running commands needs the verbs get and create on pods/exec';

/** What a refused handshake means for a command. */
function explained(call: Call, error: unknown): unknown {
  const failure = kubernetesFailure(error);
  if (!failure || !isTalonError(error)) return error;
  if (failure.status === 403) {
    // The API server asks for `get` first, and says so. It says nothing when it misses the `create` it wants for every
    // command, however it is sent.
    const which = failure.message.endsWith('is forbidden:') ? 'create' : 'get';
    const message = `not allowed to ${which} pods/exec ${call.namespace}/${call.name}: ${failure.message} (${BOTH_VERBS})`;
    return new TalonError('forbidden', message, { cause: error.cause });
  }
  return (failure.status === 500 && containerGone(call, failure.message, failure, 500)) || error;
}
