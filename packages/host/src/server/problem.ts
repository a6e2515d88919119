import type { ServerResponse } from 'node:http';
import type { Reason } from './reasons.ts';

/** A refusal as RFC 9457 describes it. */
export interface Problem {
  readonly status: number;
  readonly title: string;
  /** One sentence for people: what was wrong, what to do. */
  readonly detail: string;
  readonly code: Reason;
  /** Seconds. */
  readonly retryAfter?: number;
}

export function problemBody({ status, title, detail, code }: Problem): string {
  return JSON.stringify({ type: 'about:blank', title, status, detail, code });
}

export const PROBLEM_TYPE = 'application/problem+json';

export interface ProblemOptions {
  /** For WWW-Authenticate. */
  readonly challenge?: string;
  readonly allow?: string;
  /** The connection ends with this answer, and nothing more is read from it. */
  readonly close?: boolean;
}

export function sendProblem(response: ServerResponse, problem: Problem, options: ProblemOptions = {}): void {
  if (response.headersSent || response.destroyed) return;
  const body = problemBody(problem);
  const headers: Record<string, string | number> = {
    'Content-Type': PROBLEM_TYPE,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  };
  if (options.allow !== undefined) headers['Allow'] = options.allow;
  if (options.challenge !== undefined) headers['WWW-Authenticate'] = options.challenge;
  if (problem.retryAfter !== undefined) headers['Retry-After'] = Math.max(1, Math.ceil(problem.retryAfter));
  // Node closes such a connection as soon as the answer is out; the rest of the request stays unread.
  if (options.close === true) response.shouldKeepAlive = false;
  response.writeHead(problem.status, headers);
  response.end(body);
}
