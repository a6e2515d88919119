import { execFile, type ExecFileException } from 'node:child_process';
import { dirname, isAbsolute, resolve } from 'node:path';
import type { Environment } from '@falco-talon/core';
import { shortText } from '../status.ts';
import { configError } from './credentials.ts';

/** A user's `exec` section of a kubeconfig: a program that prints credentials. */
export interface ExecPlugin {
  readonly apiVersion?: string;
  readonly command?: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
  readonly interactiveMode?: string;
}

export interface ExecCredential {
  readonly token?: string;
  /** PEM. */
  readonly cert?: string;
  readonly key?: string;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

const TIME_LIMIT = 30_000;
const OUTPUT_LIMIT = 1024 * 1024;

/**
 * Runs the program. client-node's own ExecAuth has no time limit, takes the environment of the process and does not set
 * KUBERNETES_EXEC_INFO, which newer plugins ask for.
 * @throws TalonError `invalid_config`
 */
export async function runExecPlugin(
  plugin: ExecPlugin,
  kubeconfig: string,
  environment: Environment,
  signal: AbortSignal,
): Promise<ExecCredential> {
  const where = `${kubeconfig}: the credential program ${JSON.stringify(plugin.command ?? '')}`;
  if (typeof plugin.command !== 'string' || plugin.command === '') throw configError(`${where} has no command`);
  if (!onlyTexts(plugin)) throw configError(`${where}: its command, arguments and environment must be texts`);
  if (plugin.interactiveMode === 'Always') throw configError(`${where} wants to ask questions, which a server cannot`);
  const command =
    plugin.command.includes('/') && !isAbsolute(plugin.command)
      ? resolve(dirname(kubeconfig), plugin.command)
      : plugin.command;
  const apiVersion = plugin.apiVersion ?? 'client.authentication.k8s.io/v1';
  const info = { apiVersion, kind: 'ExecCredential', spec: { interactive: false } };
  const env = {
    ...environment.variables,
    ...Object.fromEntries((plugin.env ?? []).map(({ name, value }) => [name, value])),
    KUBERNETES_EXEC_INFO: JSON.stringify(info),
  };
  const output = await new Promise<string>((done, fail) => {
    const options = { env, signal, timeout: TIME_LIMIT, maxBuffer: OUTPUT_LIMIT, windowsHide: true };
    const child = execFile(command, [...(plugin.args ?? [])], options, (error, stdout, stderr) => {
      if (!error) return done(stdout);
      const said = shortText(stderr.trim().split('\n').at(-1) ?? '', 200);
      fail(configError(`${where} ${endOf(error)}${said === '' ? '' : `: ${said}`}`));
    });
    child.stdin?.end();
  });
  return readCredential(output, where);
}

/** A file says what it likes, whatever the type says. */
function onlyTexts({ command, args, env }: ExecPlugin): boolean {
  const given: readonly unknown[] = [args ?? [], env ?? []];
  if (!given.every(Array.isArray)) return false;
  const variables = (env ?? []).flatMap((variable) => [variable?.name, variable?.value]);
  return [command, ...(args ?? []), ...variables].every((text) => typeof text === 'string' && !text.includes('\0'));
}

/** Node's own words hold the arguments, and those may hold a secret. */
function endOf({ code, signal, killed }: ExecFileException): string {
  if (typeof code === 'number') return `failed with exit code ${code}`;
  if (typeof code === 'string') return `failed (${code as string})`;
  return killed === true
    ? `did not end within ${TIME_LIMIT / 1000} s`
    : `was ended by ${signal ?? 'something unknown'}`;
}

function readCredential(output: string, where: string): ExecCredential {
  let status: Readonly<Record<string, unknown>> | undefined;
  try {
    status = (JSON.parse(output) as { status?: Readonly<Record<string, unknown>> }).status;
  } catch {
    // Not quoted: it may hold a secret.
    throw configError(`${where} printed something that is not JSON`);
  }
  const text = (key: string) => (typeof status?.[key] === 'string' ? (status[key] as string) : undefined);
  const token = text('token');
  const cert = text('clientCertificateData');
  const key = text('clientKeyData');
  if (token === undefined && cert === undefined)
    throw configError(`${where} printed neither a token nor a certificate`);
  const expires = Date.parse(text('expirationTimestamp') ?? '');
  return {
    ...(token === undefined ? {} : { token }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    expires: Number.isFinite(expires) ? expires : Infinity,
  };
}
