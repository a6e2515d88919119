import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import type { Door } from '../door/door.ts';
import { hasBody, type Intake } from './intake.ts';
import { sendProblem, type Problem } from './problem.ts';
import type { RequestHandler } from './server.ts';

export interface EntranceDeps {
  readonly door: Pick<Door, 'admit'>;
  readonly intake: Intake;
  readonly routes: Hono;
  readonly refused: (problem: Problem) => void;
}

/** Past the door, alerts go to the intake and everything else to the routes. */
export function createEntrance({ door, intake, routes, refused }: EntranceDeps): RequestHandler {
  const others = listenerOf(routes);
  return (request, response, keep) => {
    const admission = door.admit(request);
    switch (admission.kind) {
      case 'alert':
        keep();
        return void intake(request, response, admission.verify);
      case 'other':
        return others(request, response, keep);
      case 'refused': {
        const { problem, challenge } = admission.refusal;
        refused(problem);
        // What else this sender has to say stays unread.
        sendProblem(response, problem, { close: true, ...(challenge === undefined ? {} : { challenge }) });
      }
    }
  };
}

export function listenerOf(routes: Hono): RequestHandler {
  const listener = getRequestListener(routes.fetch, { overrideGlobalObjects: false });
  return (request, response) => {
    // No route wants a body; what comes after the answer would be read and thrown away, however much it is.
    if (hasBody(request)) response.shouldKeepAlive = false;
    void listener(request, response);
  };
}
