import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorText, type ErrorCode, type Logger } from '@falco-talon/core';
import type { Engine, IncomingHeaders, IngestAnswer } from '@falco-talon/engine';
import { sendProblem, type Problem } from './problem.ts';
import type { Reason } from './reasons.ts';
import { readBody, type BodyBudget } from './read-body.ts';

export interface IntakeLimits {
  readonly maxBodyBytes: number;
  /**
   * Alerts waiting for the queue at a time. One that is still being received does not count: slow senders must not keep out
   * the others; connections and bytes bound them.
   */
  readonly maxInFlight: number;
  /** Bytes of bodies being received at a time. */
  readonly maxBufferedBytes: number;
}

export interface IntakeOptions {
  readonly engine: Pick<Engine, 'ingest'>;
  readonly limits: IntakeLimits;
  readonly logger: Logger;
  /** True from the moment alerts are not taken any more. */
  readonly stopping: () => boolean;
  /** Called for each refused request; never for accepted ones. */
  readonly refused: (problem: Problem) => void;
}

/** `verify` looks at the whole body before anything is made of it. */
export type Intake = (
  request: IncomingMessage,
  response: ServerResponse,
  verify?: (body: Buffer) => { readonly problem: Problem } | undefined,
) => Promise<void>;

/**
 * Receives one alert and hands it to the engine, which answers once the queue has it.
 * A plain listener, because body and header helpers of a web framework cost most of the throughput.
 */
export function createIntake({ engine, limits, logger, stopping, refused }: IntakeOptions): Intake {
  const budget: BodyBudget = { limit: limits.maxBufferedBytes, used: 0 };
  let inFlight = 0;

  return async function intake(request, response, verify) {
    const problem = headerProblem(request);
    if (problem !== undefined) {
      refused(problem);
      sendProblem(
        response,
        problem,
        problem.status === 405 ? { allow: 'POST', close: hasBody(request) } : { close: true },
      );
      return;
    }
    await receive(request, response, verify);
  };

  function headerProblem(request: IncomingMessage): Problem | undefined {
    if (request.method !== 'POST') {
      return {
        status: 405,
        title: 'Method Not Allowed',
        detail: 'send one Falco alert with POST',
        code: 'method',
      };
    }
    if (stopping())
      return unavailable('stopping', 'Falco Talon is stopping; send the alert to another replica or again');
    const { 'content-encoding': encoding, 'content-type': type } = request.headers;
    if (encoding !== undefined && encoding !== 'identity') {
      return unsupported('compressed bodies are not accepted; send the alert as plain JSON');
    }
    if (type !== undefined && !isAcceptedType(type)) {
      return unsupported('the body must be JSON: send it with Content-Type application/json');
    }
    if (Number(request.headers['content-length'] ?? 0) > limits.maxBodyBytes) return tooLarge(limits.maxBodyBytes);
    return inFlight < limits.maxInFlight ? undefined : TOO_MANY;
  }

  async function receive(...[request, response, verify]: Parameters<Intake>): Promise<void> {
    if (request.headers.expect !== undefined) response.writeContinue();
    const body = await readBody(request, limits.maxBodyBytes, budget);
    if (body === 'aborted') return;
    if (body === 'too_large') return refuse(response, tooLarge(limits.maxBodyBytes), true);
    if (body === 'no_room')
      return refuse(response, unavailable('buffered', 'too many bytes of alerts are being received', 1), true);
    const distrust = verify?.(body);
    if (distrust) return refuse(response, distrust.problem);
    if (inFlight >= limits.maxInFlight) return refuse(response, TOO_MANY);
    inFlight++;
    try {
      const answer = await engine.ingest(body, request.headers as IncomingHeaders);
      if (answer.kind === 'accepted') accept(response, answer);
      else refuse(response, refusal(answer));
    } catch (error) {
      // The engine promises not to reject; a broken promise must still be an answer.
      logger.error('intake failed', { error });
      refuse(response, unavailable('internal', `the event could not be handed over: ${errorText(error)}`));
    } finally {
      inFlight--;
    }
  }

  function refuse(response: ServerResponse, problem: Problem, close = false): void {
    refused(problem);
    sendProblem(response, problem, { close });
  }
}

function accept(response: ServerResponse, answer: Extract<IngestAnswer, { kind: 'accepted' }>): void {
  if (response.destroyed) return;
  const body = JSON.stringify({ id: answer.id, trace_id: answer.traceId });
  response.writeHead(202, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}

function refusal(answer: Extract<IngestAnswer, { kind: 'refused' }>): Problem {
  return {
    status: answer.status,
    title: answer.status === 400 ? 'Not a Falco alert' : 'Service Unavailable',
    detail: answer.detail,
    code: answer.code as ErrorCode,
    ...(answer.status === 503 ? { retryAfter: answer.retryAfter ?? 5 } : {}),
  };
}

/** Falco sends JSON, or text/plain when its own output is text. */
function isAcceptedType(type: string): boolean {
  const media = type.split(';', 1)[0]!.trim().toLowerCase();
  return (
    media === '' || media === 'text/plain' || media === 'text/json' || /^application\/([\w.-]+\+)?json$/.test(media)
  );
}

export function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
}

function tooLarge(limit: number): Problem {
  return {
    status: 413,
    title: 'Content Too Large',
    detail: `an alert may have at most ${limit} bytes`,
    code: 'too_large',
  };
}

function unsupported(detail: string): Problem {
  return { status: 415, title: 'Unsupported Media Type', detail, code: 'media_type' };
}

const TOO_MANY = unavailable('in_flight', 'too many alerts wait for the queue', 1);

function unavailable(code: Reason, detail: string, retryAfter = 5): Problem {
  return { status: 503, title: 'Service Unavailable', detail, code, retryAfter };
}
