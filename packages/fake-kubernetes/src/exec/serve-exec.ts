import { WebSocketServer } from 'ws';
import type { Upgrade } from '../server/answer.ts';
import { CannotStart } from './cannot-start.ts';
import type { Channels } from './channels.ts';
import { channelsOf, noChannels } from './channels.ts';
import { exitStatus, notStarted } from './command-status.ts';
import type { Containers } from './containers.ts';
import type { ContainerName } from './exec-session.ts';

export interface ExecPlan extends ContainerName {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly hasInput: boolean;
  /** Empty for none. */
  readonly protocol: string;
}

const FRAME_LIMIT = 32 * 1024 * 1024;

/** Runs the command over the WebSocket the connection becomes. */
export function serveExec(containers: Containers, plan: ExecPlan): Upgrade {
  return (connection) => {
    if (connection === undefined) return void converse(containers, plan, noChannels());
    const server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: FRAME_LIMIT,
      perMessageDeflate: false,
      handleProtocols: () => plan.protocol || false,
    });
    const { request, socket, head } = connection;
    server.handleUpgrade(request, socket, head, (opened) => void converse(containers, plan, channelsOf(opened)));
  };
}

async function converse(containers: Containers, plan: ExecPlan, channels: Channels): Promise<void> {
  const { protocol, command } = plan;
  const { stdin, stdout, stderr } = channels;
  const folder = containers.folder(plan);
  let status: object;
  try {
    const code = await containers.run({ ...plan, folder, stdin, stdout, stderr, signal: containers.signal });
    status = exitStatus(code, protocol, command);
  } catch (error) {
    status = notStarted(
      error instanceof CannotStart ? error.message : `fake-kubernetes failed: ${String(error)}`,
      protocol,
    );
  }
  if (!containers.signal.aborted) await channels.finish(status);
}
