import { randomBytes } from 'node:crypto';
import { access, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorText } from '@falco-talon/core';
import { defineKinds } from './api-server/define-kinds.ts';
import { startApiServer } from './api-server/start-api-server.ts';
import { cleanUp } from './cluster/clean-up.ts';
import { connect } from './cluster/connect.ts';
import { inspect, leftOut } from './cluster/inspect.ts';
import { runTests } from './run-tests.ts';
import { programs, readSettings, type Settings } from './settings.ts';
import type { Run } from './run.ts';

const NEITHER =
  'e2e skipped: set KUBECONFIG to a cluster, or KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver\n';

const say = (text: string) => void process.stdout.write(`e2e: ${text}\n`);

async function main(): Promise<number> {
  const settings = readSettings(process.env);
  if (settings.kubeconfig === undefined && settings.assets === undefined) {
    process.stdout.write(NEITHER);
    return 0;
  }
  // Whoever presses Ctrl-C keeps no namespace, no cordoned node and no API server either.
  const stop = new AbortController();
  const interrupt = () => {
    say(stop.signal.aborted ? 'still cleaning up, wait a moment' : 'interrupted, cleaning up');
    stop.abort(new Error('interrupted'));
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, interrupt);

  await using closing = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'falco-talon-e2e-'));
  closing.defer(() => rm(folder, { recursive: true, force: true }));
  const kubeconfig = settings.kubeconfig ?? (await ownApiServer(settings, folder, stop.signal, closing));
  return await testCluster(settings, kubeconfig, folder, stop.signal);
}

async function ownApiServer(
  settings: Settings,
  folder: string,
  signal: AbortSignal,
  closing: AsyncDisposableStack,
): Promise<string> {
  const { assets = '' } = settings;
  for (const file of Object.values(programs(assets))) {
    await access(file).catch(() => {
      throw new Error(`there is no ${file}; KUBEBUILDER_ASSETS must be a folder with etcd and kube-apiserver`);
    });
  }
  say(`starting an API server from ${assets}`);
  const place = join(folder, 'api-server');
  await mkdir(place);
  const server = await startApiServer(assets, place, signal);
  closing.defer(() => server.close());
  if (settings.definitions !== undefined) {
    const { client, ...connection } = await connect(server.kubeconfig);
    closing.defer(() => connection.close());
    say(`${await defineKinds(client, settings.definitions)} kinds defined from ${settings.definitions}`);
  }
  return server.kubeconfig;
}

async function testCluster(
  settings: Settings,
  kubeconfig: string,
  folder: string,
  signal: AbortSignal,
): Promise<number> {
  const connection = await connect(kubeconfig);
  const { client } = connection;
  try {
    const cluster = await inspect(client, settings, settings.kubeconfig === undefined);
    const id = randomBytes(4).toString('hex');
    const run: Run = { id, kubeconfig, folder, images: settings.images, cluster };
    say(
      `run ${id}; ${cluster.node === undefined ? 'objects only' : `pods run on node ${cluster.node}${settings.node === undefined ? ', or others' : ''}`}`,
    );
    for (const line of leftOut(cluster)) say(line);
    const code = await runTests(run, process.argv.slice(2), signal);
    const left = await cleanUp(client, run);
    for (const line of left) say(`NOT cleaned up: ${line}`);
    return left.length > 0 ? 1 : code;
  } finally {
    await connection.close();
  }
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`e2e: ${errorText(error)}\n`);
  return 1;
});
