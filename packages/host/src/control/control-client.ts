import { request } from 'node:http';
import { ERROR_CODES, errorText, TalonError, type ErrorCode } from '@falco-talon/core';
import { ANSWER_BYTES } from './control-call.ts';

/** Milliseconds without a byte of an answer. */
const PATIENCE = 30_000;

/**
 * Asks the server that listens at `path`. Undefined: there is none.
 * @throws TalonError with the server's sentence when it refuses, `forbidden` when the socket is somebody else's
 */
export async function callControl(path: string, name: string, input: unknown): Promise<unknown> {
  let status: number;
  let answer: unknown;
  try {
    const answered = await post(path, name, JSON.stringify(input));
    status = answered.status;
    answer = JSON.parse(answered.text);
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined;
    if (code === 'EACCES' || code === 'EPERM') {
      throw new TalonError('forbidden', `${path}: not permitted; run this as the user of the server`);
    }
    throw unreadableAnswer(path, errorText(error));
  }
  if (status !== 200) throw refusal(answer);
  return answer;
}

export function unreadableAnswer(path: string, reason: string): TalonError {
  const message = `the server at ${path} gave no answer that can be read (${reason}); what was asked may have been done`;
  return new TalonError('outcome_unknown', message);
}

function post(path: string, name: string, body: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const asked = request({ socketPath: path, path: `/${name}`, method: 'POST', headers, agent: false });
    asked.setTimeout(PATIENCE, () => asked.destroy(new Error(`no answer for ${PATIENCE / 1000} s`)));
    asked.on('error', reject);
    asked.on('response', (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > ANSWER_BYTES) asked.destroy(new Error('the answer is too long'));
        chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    asked.end(body);
  });
}

function refusal(answer: unknown): TalonError {
  const { code, detail } = (answer ?? {}) as { readonly code?: unknown; readonly detail?: unknown };
  const known = typeof code === 'string' && Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : 'rejected';
  return new TalonError(known, typeof detail === 'string' ? detail : 'the server refused');
}
