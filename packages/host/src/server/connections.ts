import type { Socket } from 'node:net';
import { networkOf, plainAddress } from '../door/senders.ts';

/** Why a connection was ended that had done nothing wrong itself. */
export type ConnectionReason =
  /** All places are taken by senders that are known. */
  | 'total'
  /** Its sender has all the places one may have. */
  | 'sender'
  /** It had shown no credentials yet, and another one needed its place. */
  | 'displaced';

export interface Connections {
  /** Gives a place to a new connection, or ends it. */
  add(socket: Socket): void;
  /** It has shown who it is, and keeps its place from now on. `socket` may be the TLS one above the one added. */
  keep(socket: Socket): void;
  endAll(): void;
}

export interface ConnectionsOptions {
  readonly limit: number;
  /** For one address, or one /64 network of IPv6. */
  readonly limitPerSender: number;
  readonly refused: (reason: ConnectionReason) => void;
}

interface Connection {
  readonly socket: Socket;
  readonly sender: Sender;
}

interface Sender {
  readonly network: string;
  open: number;
  /** Those that have not shown who they are, the oldest first. */
  readonly unknown: Map<string, Connection>;
}

/**
 * When places run out, connections that never said who they are go first, the oldest at the top: an honest sender does so
 * in its first milliseconds, and one that only holds a place does not.
 */
export function createConnections({ limit, limitPerSender, refused }: ConnectionsOptions): Connections {
  const open = new Map<string, Connection>();
  const unknown = new Map<string, Connection>();
  const senders = new Map<string, Sender>();

  function add(socket: Socket): void {
    const name = nameOf(socket);
    // Gone before it was looked at.
    if (name === undefined) return void socket.destroy();
    const network = networkOf(plainAddress(socket.remoteAddress));
    const sender = senders.get(network) ?? { network, open: 0, unknown: new Map() };
    if (sender.open >= limitPerSender && !displace(sender.unknown)) return refuse(socket, 'sender');
    if (open.size >= limit && !displace(unknown)) return refuse(socket, 'total');
    const connection = { socket, sender };
    senders.set(network, sender);
    sender.open++;
    for (const list of [open, unknown, sender.unknown]) list.set(name, connection);
    socket.once('close', () => forget(name, connection));
  }

  function forget(name: string, connection: Connection): void {
    // Displaced before; the same address and port may be a new connection by now.
    if (open.get(name) !== connection) return;
    const { sender } = connection;
    for (const list of [open, unknown, sender.unknown]) list.delete(name);
    if (--sender.open === 0) senders.delete(sender.network);
  }

  function displace(candidates: ReadonlyMap<string, Connection>): boolean {
    const [oldest] = candidates;
    if (oldest === undefined) return false;
    forget(...oldest);
    refuse(oldest[1].socket, 'displaced');
    return true;
  }

  function refuse(socket: Socket, reason: ConnectionReason): void {
    refused(reason);
    socket.destroy();
  }

  return {
    add,
    keep(socket) {
      const name = nameOf(socket);
      const connection = name === undefined ? undefined : unknown.get(name);
      if (name === undefined || connection === undefined) return;
      unknown.delete(name);
      connection.sender.unknown.delete(name);
    },
    endAll: () => open.forEach(({ socket }) => socket.destroy()),
  };
}

function nameOf({ remoteAddress, remotePort }: Socket): string | undefined {
  return remoteAddress === undefined ? undefined : `${remoteAddress} ${remotePort}`;
}
