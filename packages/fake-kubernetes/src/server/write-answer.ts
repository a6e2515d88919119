import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { Answer } from './answer.ts';

/** What every answer of the server carries. */
const PRIORITY_LEVEL = {
  'cache-control': 'no-cache, private',
  'x-kubernetes-pf-flowschema-uid': '00000000-0000-4000-8000-000000000001',
  'x-kubernetes-pf-prioritylevel-uid': '00000000-0000-4000-8000-000000000002',
};

function payload(body: object | string | Uint8Array, pretty: boolean): Uint8Array | string {
  if (typeof body === 'string' || body instanceof Uint8Array) return body;
  return `${pretty ? JSON.stringify(body, null, 2) : JSON.stringify(body)}\n`;
}

export function writeAnswer(response: ServerResponse, answer: Answer, pretty: boolean): void {
  const { body, status, warnings = [] } = answer;
  response.statusCode = status;
  if (answer.bare === true) {
    response.shouldKeepAlive = false;
    response.end(body);
    return;
  }
  const type = status === 204 ? {} : { 'content-type': 'application/json' };
  const headers = { 'audit-id': randomUUID(), ...PRIORITY_LEVEL, ...type, ...answer.headers };
  response.setHeaders(new Map(Object.entries(headers)));
  if (warnings.length > 0)
    response.setHeader(
      'warning',
      warnings.map((text) => `299 - ${JSON.stringify(text)}`),
    );
  if (body instanceof Readable) {
    response.once('close', () => body.destroy());
    // A watch of which nothing comes is answered all the same.
    response.flushHeaders();
    body.pipe(response);
    return;
  }
  const bytes = payload(body, pretty);
  if (status !== 204) response.setHeader('content-length', Buffer.byteLength(bytes));
  response.end(bytes);
}
