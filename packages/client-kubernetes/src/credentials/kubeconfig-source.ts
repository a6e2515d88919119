import type { Environment } from '@falco-talon/core';
import { checkMaterial, serverAddress, type Credentials, type CredentialSource } from './credentials.ts';
import { runExecPlugin, type ExecCredential } from './exec-credential.ts';
import { readText } from './in-cluster.ts';
import { readPlan, type ConnectionPlan, type Material } from './kubeconfig.ts';

/** A program's credentials are renewed this long before they expire. */
const EXPIRY_MARGIN = 60_000;
/** Between two runs of a program whose credentials are refused. */
const EXEC_INTERVAL = 10_000;

/** Reads the files again each time; parses them again when they changed. */
export function kubeconfigSource(
  files: readonly string[],
  environment: Environment,
  now: () => number,
): CredentialSource {
  let seen: readonly string[] = [];
  let plan: ConnectionPlan | undefined;
  let executed: { readonly credential: ExecCredential; readonly at: number } | undefined;

  async function execCredential(current: ConnectionPlan, refused: boolean, signal: AbortSignal) {
    if (!current.exec) return undefined;
    const age = executed === undefined ? Infinity : Math.abs(now() - executed.at);
    const expired = executed !== undefined && now() > executed.credential.expires - EXPIRY_MARGIN;
    if (!executed || expired || (refused && age >= EXEC_INTERVAL)) {
      const credential = await runExecPlugin(current.exec, current.execFile, environment, signal);
      executed = { credential, at: now() };
    }
    return executed.credential;
  }

  return async ({ refused, signal }): Promise<Credentials> => {
    const texts = await Promise.all(files.map(readText));
    if (!plan || texts.some((text, n) => text !== seen[n])) {
      plan = await readPlan(files.map((file, n) => ({ file, text: texts[n] ?? '' })));
      seen = texts;
      executed = undefined;
    }
    const current = plan;
    const [ca, cert, key, token, exec] = await Promise.all([
      read(current.ca),
      read(current.cert),
      read(current.key),
      read(current.token),
      execCredential(current, refused, signal),
    ]);
    const address = serverAddress(current.server, current.file);
    return {
      ...address,
      tls: address.origin.startsWith('https:')
        ? checkMaterial(
            {
              ...optional('ca', ca),
              ...optional('cert', exec?.cert ?? cert),
              ...optional('key', exec?.key ?? key),
              ...optional('servername', current.serverName),
              rejectUnauthorized: !current.skipVerify,
            },
            current.file,
          )
        : undefined,
      authorization: authorization(token ?? exec?.token, current.basic),
      impersonate: current.impersonate,
    };
  };
}

function authorization(token: string | undefined, basic: ConnectionPlan['basic']): string | undefined {
  if (token !== undefined) return `Bearer ${token.trim()}`;
  if (!basic) return undefined;
  return `Basic ${Buffer.from(`${basic.username}:${basic.password}`).toString('base64')}`;
}

function optional<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: string });
}

async function read(material: Material | undefined): Promise<string | undefined> {
  if (!material) return undefined;
  return 'text' in material ? material.text : readText(material.file);
}
