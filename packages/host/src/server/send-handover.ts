import { Agent, request as sendRequest, type IncomingMessage } from 'node:http';
import { connect as connectTls } from 'node:tls';
import { TalonError, type Replica } from '@falco-talon/core';
import type { HandoverAnswer, SendHandover } from '@falco-talon/engine';
import { HANDOVER_PATH, SEAL_HEADER } from './take-handover.ts';

/** Connections to one replica at a time. */
const CONNECTIONS = 16;
const IDLE = 15_000;
/** A TLS handshake: until it has ended the connection belongs to no request that could end it. Milliseconds. */
const HANDSHAKE = 5_000;
const ANSWER_BYTES = 4096;

/**
 * Brings handovers to other replicas over connections that are kept. A replica with TLS shows the certificate it has told of in its
 * Lease: nothing is written before that is certain, and no authority is asked.
 */
export function createHandoverSender(handshake = HANDSHAKE): { readonly send: SendHandover; close(): void } {
  const options = { keepAlive: true, maxSockets: CONNECTIONS, timeout: IDLE };
  const plain = new Agent(options);
  const pinned = new Map<string, Agent>();

  function agentOf({ certificate, address }: Replica): Agent {
    if (!address.startsWith('https:')) return plain;
    const key = certificate ?? '';
    let agent = pinned.get(key);
    if (!agent) {
      agent = pinnedAgent(options, key, handshake);
      pinned.set(key, agent);
      for (const [other, old] of pinned) {
        if (pinned.size <= CONNECTIONS) break;
        pinned.delete(other);
        old.destroy();
      }
    }
    return agent;
  }

  return {
    send: (to, { seal, body, signal }) =>
      new Promise<HandoverAnswer>((resolve, reject) => {
        const { hostname, port, protocol } = new URL(to.address);
        const request = sendRequest({
          agent: agentOf(to),
          host: hostname.replace(/^\[(.*)\]$/, '$1'),
          port: port === '' ? (protocol === 'https:' ? 443 : 80) : port,
          path: HANDOVER_PATH,
          method: 'POST',
          headers: { [SEAL_HEADER]: seal, 'content-type': 'application/json', 'content-length': body.length },
          signal,
        });
        request.on('error', reject);
        request.on('response', (response) => {
          readAnswer(response).then(resolve, reject);
        });
        request.end(body);
      }),
    close() {
      plain.destroy();
      for (const agent of pinned.values()) agent.destroy();
    },
  };
}

function pinnedAgent(options: ConstructorParameters<typeof Agent>[0], certificate: string, handshake: number): Agent {
  const agent = new Agent(options);
  agent.createConnection = ({ host, port }, done) => {
    // Whom it belongs to is told by its fingerprint, not by an authority.
    const socket = connectTls({
      host: host ?? '',
      port: Number(port),
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
    });
    const limit = setTimeout(
      () => socket.destroy(new TalonError('timeout', `no TLS handshake within ${handshake} ms`)),
      handshake,
    );
    socket.once('close', () => clearTimeout(limit));
    socket.once('error', (error) => done?.(error, socket));
    socket.once('secureConnect', () => {
      clearTimeout(limit);
      const shown = socket.getPeerX509Certificate()?.fingerprint256.replaceAll(':', '').toLowerCase();
      if (shown === certificate) return done?.(null, socket);
      socket.destroy(new TalonError('unauthorized', 'the replica shows another certificate than it has told of'));
    });
    return undefined;
  };
  return agent;
}

async function readAnswer(response: IncomingMessage): Promise<HandoverAnswer> {
  let text = '';
  for await (const chunk of response) {
    text += String(chunk);
    if (text.length > ANSWER_BYTES) throw new TalonError('too_large', 'the replica answers too much');
  }
  const status = response.statusCode ?? 0;
  try {
    const { code } = JSON.parse(text) as { code?: unknown };
    return { status, code: typeof code === 'string' ? code.slice(0, 64) : '' };
  } catch {
    // No replica of ours says that.
    return { status: status === 200 ? 502 : status, code: 'unreadable' };
  }
}
