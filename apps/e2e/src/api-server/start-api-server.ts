import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from '../cluster/connect.ts';
import { until } from '../cluster/until.ts';
import { NAMESPACES } from '@falco-talon/client-kubernetes';
import { programs } from '../settings.ts';
import { freePorts } from './free-ports.ts';
import { startProgram, type Program } from './program.ts';

export interface ApiServer {
  readonly kubeconfig: string;
  close(): Promise<void>;
}

/**
 * An etcd and a kube-apiserver of our own on loopback: RBAC on, admission as by default. No controllers, no nodes.
 * @throws Error with the end of a program's log when it does not start
 */
export async function startApiServer(assets: string, folder: string, signal: AbortSignal): Promise<ApiServer> {
  const { etcd, apiServer } = programs(assets);
  const [client, peer, secure] = (await freePorts(3)) as [number, number, number];
  const token = randomBytes(24).toString('hex');
  const file = (name: string) => join(folder, name);
  await mkdir(file('certificates'), { recursive: true, mode: 0o700 });
  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const secret = { mode: 0o600 };
  await writeFile(file('service-account.key'), keys.privateKey, secret);
  await writeFile(file('service-account.pub'), keys.publicKey);
  await writeFile(file('tokens.csv'), `${token},e2e,e2e,system:masters\n`, secret);

  const asking = new AbortController();
  const running: Program[] = [];
  const close = async () => {
    for (const program of running.toReversed()) await program.stop();
  };
  try {
    running.push(await startProgram(etcd, etcdArguments(folder, client, peer), file('etcd.log')));
    running.push(await startProgram(apiServer, serverArguments(file, client, secure), file('kube-apiserver.log')));
    const kubeconfig = await Promise.race([
      isReady(file, secure, token, asking.signal),
      ...running.map(({ ended }) => ended),
      aborted(signal),
    ]);
    return { kubeconfig, close };
  } catch (error) {
    asking.abort(error);
    await close();
    throw error;
  }
}

function etcdArguments(folder: string, client: number, peer: number): string[] {
  const at = (port: number) => `http://127.0.0.1:${port}`;
  return [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${at(client)}`,
    `--advertise-client-urls=${at(client)}`,
    `--listen-peer-urls=${at(peer)}`,
    `--initial-advertise-peer-urls=${at(peer)}`,
    `--initial-cluster=default=${at(peer)}`,
    // The data is thrown away.
    '--unsafe-no-fsync',
  ];
}

function serverArguments(file: (name: string) => string, etcd: number, secure: number): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${etcd}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${secure}`,
    // It makes a certificate for itself there.
    `--cert-dir=${file('certificates')}`,
    `--token-auth-file=${file('tokens.csv')}`,
    '--authorization-mode=RBAC',
    '--allow-privileged=true',
    '--service-cluster-ip-range=10.0.0.0/24',
    // Nobody makes the service account a pod needs.
    '--disable-admission-plugins=ServiceAccount',
    '--service-account-issuer=https://127.0.0.1',
    `--service-account-signing-key-file=${file('service-account.key')}`,
    `--service-account-key-file=${file('service-account.pub')}`,
  ];
}

/** Resolves with the path of a kubeconfig once the server answers. */
async function isReady(
  file: (name: string) => string,
  port: number,
  token: string,
  signal: AbortSignal,
): Promise<string> {
  const kubeconfig = file('kubeconfig');
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'own',
        cluster: {
          server: `https://127.0.0.1:${port}`,
          'certificate-authority': file('certificates/apiserver.crt'),
        },
      },
    ],
    users: [{ name: 'e2e', user: { token } }],
    contexts: [{ name: 'own', context: { cluster: 'own', user: 'e2e' } }],
    'current-context': 'own',
  };
  await writeFile(kubeconfig, JSON.stringify(document), { mode: 0o600 });
  await until('the API server answers', async () => {
    signal.throwIfAborted();
    // The certificate is made by the server, so the first connections may find none.
    const connection = await connect(kubeconfig).catch(() => undefined);
    if (connection === undefined) return false;
    try {
      await connection.client.get(NAMESPACES, { name: 'default' }, { signal: AbortSignal.timeout(5_000) });
      return true;
    } catch {
      return false;
    } finally {
      await connection.close();
    }
  });
  return kubeconfig;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const end = () => reject(new Error('interrupted'));
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
