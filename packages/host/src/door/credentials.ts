import { readBounded } from '@falco-talon/engine';
import { fileError } from '../config/file-error.ts';
import { digestOf, type Digest } from './secret.ts';

/** As the configuration names them: secrets themselves, and files with one a line. */
export interface CredentialSettings {
  readonly tokens: readonly string[];
  readonly token_files: readonly string[];
  /** `user:password` */
  readonly basic: readonly string[];
  readonly basic_files: readonly string[];
  /** The last part of the URL, without its slash. */
  readonly secret_paths: readonly string[];
  readonly secret_path_files: readonly string[];
  readonly hmac_keys: readonly string[];
  readonly hmac_key_files: readonly string[];
}

/** Whom the door knows. Only keys that signatures are made with are kept as they are. */
export interface Credentials {
  readonly tokens: readonly Digest[];
  readonly basic: readonly Digest[];
  readonly paths: readonly Digest[];
  readonly keys: readonly string[];
}

/** Of tokens, paths and keys: shorter ones are found by trying. */
export const SECRET_LENGTH = 16;
const FILE_LIMIT = 1024 * 1024;

/** @throws Error in one sentence that names the file, never what is in it */
export async function readCredentials(settings: CredentialSettings): Promise<Credentials> {
  const [tokens, basic, paths, keys] = await Promise.all(collectAll(settings));
  return {
    tokens: tokens.map(digestOf),
    basic: basic.map(digestOf),
    paths: paths.map((path) => digestOf(`/${path}`)),
    keys,
  };
}

/** What is wrong with them, the first mistake of each kind. */
export async function credentialMistakes(settings: CredentialSettings): Promise<readonly unknown[]> {
  const collected = await Promise.allSettled(collectAll(settings));
  return collected.filter((one) => one.status === 'rejected').map(({ reason }): unknown => reason);
}

function collectAll(settings: CredentialSettings) {
  return [
    collect('intake.auth.token_files', settings.tokens, settings.token_files, headerToken),
    collect('intake.auth.basic_files', settings.basic, settings.basic_files, userAndPassword),
    collect('intake.auth.secret_path_files', settings.secret_paths, settings.secret_path_files, pathSegment),
    collect('intake.auth.hmac_key_files', settings.hmac_keys, settings.hmac_key_files, longEnough),
  ] as const;
}

/** True when somebody is known: without anybody the door is open. */
export function knowsAnybody({ tokens, basic, paths, keys }: Credentials): boolean {
  return tokens.length + basic.length + paths.length + keys.length > 0;
}

/** What is wrong with a secret, without the secret. */
type Check = (secret: string) => string | undefined;

async function collect(key: string, own: readonly string[], files: readonly string[], check: Check): Promise<string[]> {
  const secrets = [...own];
  for (const [index, secret] of own.entries()) {
    const problem = check(secret);
    if (problem !== undefined) throw new Error(`${key.replace(/_files$/, '')}, number ${index + 1}: ${problem}`);
  }
  for (const file of files) {
    for (const [line, secret] of (await linesOf(key, file)).entries()) {
      if (secret === '') continue;
      const problem = check(secret);
      if (problem !== undefined) throw new Error(`${key}: ${file}, line ${line + 1}: ${problem}`);
      secrets.push(secret);
    }
  }
  return secrets;
}

async function linesOf(key: string, file: string): Promise<readonly string[]> {
  const bytes = await readBounded(file, { limit: FILE_LIMIT }).catch((error: unknown) => {
    throw new Error(`${key}: ${file}: ${fileError(error)}`, { cause: error });
  });
  const lines = bytes
    .toString()
    .split(/\r?\n/)
    .map((line) => line.trim());
  if (lines.every((line) => line === '')) throw new Error(`${key}: ${file} is empty; write one secret a line`);
  return lines;
}

function longEnough(secret: string): string | undefined {
  return secret.length < SECRET_LENGTH ? `has fewer than ${SECRET_LENGTH} characters; take a longer one` : undefined;
}

function headerToken(secret: string): string | undefined {
  if (!/^[!-~]+$/.test(secret))
    return 'may have visible ASCII characters without spaces only, as it stands in a header';
  return longEnough(secret);
}

function userAndPassword(secret: string): string | undefined {
  return /^[^:]+:.+$/.test(secret) ? undefined : 'is not written as user:password';
}

function pathSegment(secret: string): string | undefined {
  if (!/^[\w.~-]+$/.test(secret)) return 'may have letters, digits, -, ., _ and ~ only, as it stands in a URL';
  return longEnough(secret);
}
