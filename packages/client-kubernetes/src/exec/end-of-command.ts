import { TalonError, type ErrorCode } from '@falco-talon/core';
import { failureOf } from '../failure.ts';
import type { ExecEnd } from '../kubernetes.ts';
import { readCommandStatus, shortText, type Status } from '../status.ts';
import type { Call } from '../transport/call.ts';

const EXIT_CODE = /^-?[0-9]{1,10}$/;
/** The runtime's own words come last, behind those of the API server, the kubelet and the runtime service. */
const BEFORE_RUNTIME = /^.*(?:OCI runtime exec failed: |failed to start exec "[0-9a-f]+": )/s;
const NO_PROGRAM =
  /exec(?:utable file)?:? ["`].{0,1000}(?:no such file or directory|executable file not found|not found in \$PATH)/is;
const NOT_STARTED = /failed to (?:start|create) exec|unable to start container process|exec failed: /;
/** In a Status, or as plain text instead of a WebSocket, by the version of the API server. */
const NO_CONTAINER = /container not found \("([-a-z0-9]{1,63})"\)/;
/** The runtime's own word in the moment in which the kubelet has not noticed yet: containerd's, and CRI-O's. */
const ENDED = /container is in CONTAINER_[A-Z]+ state|container is not created or running/;

/** What the API server said of a command that did not run. */
type Said = Pick<Status, 'reason' | 'message' | 'causes'>;

/**
 * What the last frame says.
 * @throws TalonError when the command did not run, or nobody knows whether it did
 */
export function endOfCommand(call: Call, frame: Buffer, program: string): ExecEnd {
  const status = readCommandStatus(frame);
  if (!status) {
    const message = 'the API server ended the command with something unreadable';
    throw commandError(call, 'outcome_unknown', message, { reason: 'UnreadableAnswer', message, causes: [] });
  }
  if (status.succeeded) return { exitCode: 0 };
  const code = status.causes.find((cause) => cause.reason === 'ExitCode')?.message ?? '';
  if (EXIT_CODE.test(code)) return { exitCode: Number(code) };

  const { wholeMessage } = status;
  const words = shortText(wholeMessage.replace(BEFORE_RUNTIME, '')) || 'no reason was given';
  const shown = JSON.stringify(shortText(program, 60));
  const said = { ...status, message: words };
  throw (
    containerGone(call, wholeMessage, said) ??
    (NO_PROGRAM.test(wholeMessage)
      ? commandError(call, 'unsupported', `the container has no program ${shown}: ${words}`, said)
      : NOT_STARTED.test(wholeMessage)
        ? commandError(call, 'rejected', `${shown} cannot be started: ${words}`, said)
        : commandError(call, 'outcome_unknown', words, said))
  );
}

/** Undefined when the message is about something else than a container that does not run. */
export function containerGone(call: Call, message: string, said: Said, status?: number): TalonError | undefined {
  const container = NO_CONTAINER.exec(message)?.[1];
  if (container === undefined && !ENDED.test(message)) return undefined;
  const which = container === undefined ? 'its container' : `its container ${container}`;
  return commandError(call, 'target_gone', `${which} is not running`, said, status);
}

function commandError(call: Call, code: ErrorCode, problem: string, said: Said, status = 101): TalonError {
  const cause = failureOf(call, status, said.reason, said.message, said.causes);
  return new TalonError(code, `cannot ${call.intent ?? ''}: ${problem}`, {
    cause,
    retryable: code === 'outcome_unknown',
  });
}
