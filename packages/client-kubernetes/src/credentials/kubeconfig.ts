import { dirname, resolve } from 'node:path';
import { errorText } from '@falco-talon/core';
import { configError } from './credentials.ts';
import type { ExecPlugin } from './exec-credential.ts';

/** What the current context of a kubeconfig comes to. File names are absolute. */
export interface ConnectionPlan {
  /** The file that names the cluster, for messages. */
  readonly file: string;
  readonly context: string;
  readonly server: string;
  readonly ca: Material | undefined;
  readonly serverName: string | undefined;
  readonly skipVerify: boolean;
  readonly cert: Material | undefined;
  readonly key: Material | undefined;
  readonly token: Material | undefined;
  readonly basic: { readonly username: string; readonly password: string } | undefined;
  readonly exec: ExecPlugin | undefined;
  readonly execFile: string;
  readonly impersonate: string | undefined;
}

export type Material = { readonly file: string } | { readonly text: string };

type Entry<T> = T & { readonly name: string; readonly from: string; readonly raw: Readonly<Record<string, unknown>> };

/**
 * Merges kubeconfig files as kubectl does (the first to say something wins) and follows the current context.
 * @throws TalonError `invalid_config` that names the file and what to do
 */
export async function readPlan(
  files: readonly { readonly file: string; readonly text: string }[],
): Promise<ConnectionPlan> {
  // The part of client-node that knows the format loads in 10 ms; its KubeConfig takes 0.6 s and 85 MB with all it imports.
  const [{ newClusters, newContexts, newUsers }, { parse }] = await Promise.all([
    import('@kubernetes/client-node/dist/config_types.js'),
    import('yaml'),
  ]);
  const documents = files.map(({ file, text }) => ({ file, document: parseDocument(parse, file, text) }));
  const entries = <T extends { readonly name: string }>(key: string, inner: string, make: (list: unknown) => T[]) =>
    documents.flatMap(({ file, document }): Entry<T>[] => {
      const list = Array.isArray(document[key]) ? (document[key] as Record<string, unknown>[]) : [];
      try {
        return make(list).map((entry, n) => ({ ...entry, from: file, raw: asRecord(list[n]?.[inner]) }));
      } catch (error) {
        throw configError(`${file}: ${errorText(error)}`, error);
      }
    });
  const first = <T extends { readonly name: string }>(list: readonly T[], name: string) =>
    list.find((entry) => entry.name === name);

  const where = files.map(({ file }) => file).join(', ');
  const current = documents.map(({ document }) => document['current-context']).find(Boolean);
  if (typeof current !== 'string') {
    throw configError(`${where}: no current-context is set; choose one with kubectl config use-context`);
  }
  const context = first(entries('contexts', 'context', newContexts), current);
  if (!context) throw configError(`${where}: the current context ${JSON.stringify(current)} is not among the contexts`);
  const cluster = first(entries('clusters', 'cluster', newClusters), context.cluster);
  if (!cluster)
    throw configError(
      `${where}: context ${JSON.stringify(current)} names the unknown cluster ${JSON.stringify(context.cluster)}`,
    );
  const user = context.user ? first(entries('users', 'user', newUsers), context.user) : undefined;
  if (context.user && !user)
    throw configError(
      `${where}: context ${JSON.stringify(current)} names the unknown user ${JSON.stringify(context.user)}`,
    );

  if (cluster.proxyUrl) {
    throw configError(
      `${cluster.from}: cluster ${JSON.stringify(cluster.name)} has a proxy-url; Falco Talon does not connect through proxies`,
    );
  }
  refuseUnsupported(user);
  const tokenFile = user?.raw['tokenFile'];
  return {
    file: cluster.from,
    context: current,
    server: cluster.server,
    ca: material(cluster.from, cluster.caFile, cluster.caData),
    serverName: cluster.tlsServerName || undefined,
    skipVerify: cluster.skipTLSVerify,
    cert: user && material(user.from, user.certFile, user.certData),
    key: user && material(user.from, user.keyFile, user.keyData),
    // As in kubectl: a token file wins over a token, as it can be renewed.
    token:
      user && typeof tokenFile === 'string' && tokenFile !== ''
        ? { file: resolve(dirname(user.from), tokenFile) }
        : user?.token
          ? { text: tokenText(user) }
          : undefined,
    basic: user?.username ? { username: user.username, password: user.password ?? '' } : undefined,
    exec: user?.exec ? (user.exec as ExecPlugin) : undefined,
    execFile: user?.from ?? cluster.from,
    impersonate: user?.impersonateUser || undefined,
  };
}

function parseDocument(
  parse: typeof import('yaml').parse,
  file: string,
  text: string,
): Readonly<Record<string, unknown>> {
  let document: unknown;
  try {
    // Its warnings would be printed, and quote the file.
    document = parse(text, { logLevel: 'error' });
  } catch (error) {
    // The message is not repeated: it may quote the file, and that holds secrets.
    const place = (error as { linePos?: readonly { readonly line: number; readonly col: number }[] }).linePos?.[0];
    const where = place === undefined ? '' : ` (line ${place.line}, column ${place.col})`;
    throw configError(`${file} is not valid YAML${where}; kubectl config view says more`);
  }
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) {
    return document as Record<string, unknown>;
  }
  throw configError(`${file} is not a kubeconfig: expected a map with clusters, users and contexts`);
}

function refuseUnsupported(user: Entry<{ readonly authProvider?: unknown }> | undefined): void {
  if (!user) return;
  const name = `${user.from}: user ${JSON.stringify(user.name)}`;
  if (user.authProvider) {
    throw configError(`${name} has an auth-provider, which Kubernetes removed in 1.26; use an exec credential program`);
  }
  for (const key of ['as-groups', 'as-uid', 'as-user-extra']) {
    if (user.raw[key] !== undefined)
      throw configError(`${name} has ${key}; only impersonation of a user (as) is supported`);
  }
}

/** As in kubectl: data in the file wins over the name of a file. */
function material(
  from: string,
  file: string | null | undefined,
  data: string | null | undefined,
): Material | undefined {
  if (data) return { text: Buffer.from(data, 'base64').toString() };
  return file ? { file: resolve(dirname(from), file) } : undefined;
}

function tokenText({ from, name, token }: Entry<{ readonly token?: unknown }>): string {
  if (typeof token === 'string' && /^\s*[!-~]+\s*$/.test(token)) return token;
  throw configError(`${from}: the token of user ${JSON.stringify(name)} must be a text of printable ASCII; quote it`);
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
