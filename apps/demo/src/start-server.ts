import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServerProcess, type ServerProcess } from '@falco-talon/testkit/server';
import type { Cluster } from './cluster.ts';

const repository = fileURLToPath(new URL('../../..', import.meta.url));

/** Starts `falco-talon server` as a user does: with the config and rules of `examples/`, the rest from the environment. */
export async function startServer(cluster: Cluster, webhook: string, directory: string): Promise<ServerProcess> {
  const evidence = join(directory, 'evidence');
  const state = join(directory, 'state');
  await mkdir(evidence);
  await mkdir(state);
  // A later file overrides one key of a shared action, as an operator would do it.
  const override = join(directory, 'override.yaml');
  const output = { target: 'local:file', parameters: { destination: evidence } };
  await writeFile(override, `- action: Keep the log\n  output: ${JSON.stringify(output)}\n`);
  const file = (path: string) => join(repository, path);
  return startServerProcess({
    args: [
      file('apps/talon/bin/falco-talon.js'),
      'server',
      '-c',
      file('examples/config.yaml'),
      '-r',
      file('examples/rules.yaml'),
      '-r',
      override,
    ],
    cwd: repository,
    logFile: join(directory, 'server.log'),
    environment: {
      FALCO_TALON_KUBECONFIG: cluster.kubeconfig,
      FALCO_TALON_DATA_DIRECTORY: state,
      FALCO_TALON_DEFAULT_NOTIFIERS: 'webhook',
      FALCO_TALON_NOTIFIERS_WEBHOOK_URL: webhook,
      FALCO_TALON_LOG_FORMAT: 'json',
    },
  });
}
