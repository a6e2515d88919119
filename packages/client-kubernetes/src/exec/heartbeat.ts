import type { WebSocket } from 'ws';
import type { Limits } from '../limits.ts';

export interface Heartbeat {
  /** Something came. */
  heard(): void;
  /** Something was sent that the command may be slow to take. */
  inputSent(): void;
  stop(): void;
}

/** Bytes waiting to be sent beyond which pings are not answered: who sends them does not read the answers. */
const PONG_ROOM = 256 * 1024;

/**
 * Pings while nothing comes, so that a silent command keeps its connection, and an other side that is gone is noticed.
 *
 * Only then: a ping that reaches a kubelet which has said all makes it reset its connection, and the API server between
 * drops what it has not passed on yet. Pings are counted, not timed: a process that stalls must not take the others for dead.
 * And one is answered after what was sent before it, so not at all while a command does not read its input; such pings do
 * not count.
 */
export function startHeartbeat(
  socket: WebSocket,
  limits: Pick<Limits, 'pingInterval' | 'unansweredPings'>,
  { excused, dead }: { readonly excused: () => boolean; readonly dead: (text: string) => void },
): Heartbeat {
  const { pingInterval, unansweredPings } = limits;
  let quiet = false;
  let sent = 0;
  let unanswered = 0;
  /** The first ping whose answer shows that all input has been taken. */
  let telling = 0;
  let answered = 0;

  const heard = (): void => {
    quiet = false;
    unanswered = 0;
  };
  const timer = setInterval(() => {
    if (excused()) heard();
    else if (!quiet) quiet = true;
    else ping();
  }, pingInterval);
  const ping = (): void => {
    if (answered < telling) unanswered = 0;
    else if (unanswered >= unansweredPings) {
      return dead(`no sign of life for ${(unansweredPings * pingInterval) / 1000} s`);
    }
    unanswered++;
    socket.ping(String(++sent), true, () => {});
  };

  socket.on('ping', (data) => {
    heard();
    if (socket.bufferedAmount < PONG_ROOM) socket.pong(data, true, () => {});
  });
  socket.on('pong', (data) => {
    unanswered = 0;
    const number = Number(data.toString('latin1', 0, 16));
    if (number > answered && number <= sent) answered = number;
  });

  return {
    heard,
    inputSent: () => void (telling = sent + 1),
    stop: () => clearInterval(timer),
  };
}
