import type { IncomingMessage } from 'node:http';
import { errorText, TalonError, type Logger } from '@falco-talon/core';
import { admit, type Admission, type Keeper } from './admission.ts';
import { knowsAnybody, readCredentials, type Credentials, type CredentialSettings } from './credentials.ts';
import { doorProblems } from './door-problems.ts';
import { openNonces } from './nonces.ts';
import { createSenderRate } from './rate.ts';
import { createSenders, isEverybody } from './senders.ts';
import { signatureProblem } from './signature.ts';
import { readTls, type ReadTls, type TlsMaterial, type TlsSettings } from './tls-files.ts';

export interface DoorSettings {
  readonly auth: CredentialSettings & {
    readonly hmac_tolerance_seconds: number;
    readonly allowed_senders: readonly string[];
  };
  readonly tls: TlsSettings & { readonly client_names: readonly string[] };
  /** Alerts a second; 0: no limit. */
  readonly senderRate: number;
  /** Paths of this server that anybody may read. */
  readonly openPaths: readonly string[];
  /** Where the nonces of signatures outlive the process; undefined: nowhere. */
  readonly dataDirectory: string | undefined;
}

/** Who may come in, as the configuration and its files say now. */
export interface Door {
  admit(request: IncomingMessage): Admission;
  /** Undefined: plain HTTP. */
  readonly tls: TlsMaterial | undefined;
  /** True when anybody may send alerts, from everywhere or from the addresses allowed. */
  readonly isOpen: boolean;
  /** When the server's certificate ends, milliseconds since the epoch; undefined without TLS. */
  certificateExpires(): number | undefined;
  /** `grace`: milliseconds. */
  close(grace: number): Promise<void>;
}

export interface DoorDeps {
  readonly logger: Logger;
  /** Called with what new connections are to use, when the files of TLS changed. */
  readonly renewed: (material: TlsMaterial) => void;
  /** Calls `changed` after these files may have changed. */
  readonly watch: (files: readonly string[], changed: () => Promise<void>) => { close(): void };
  readonly monotonic: () => number;
  readonly now: () => number;
}

const SENDERS_KEPT = 10_000;
const NONCES_KEPT = 1_000_000;

/**
 * Reads credentials and certificates, and again when their files change: what is wrong then leaves the ones in use in force.
 * @throws TalonError `invalid_config` when they cannot be used at the start
 */
export async function openDoor(settings: DoorSettings, deps: DoorDeps): Promise<Door> {
  const { auth, tls } = settings;
  const problems = await doorProblems(settings);
  if (problems.length > 0) throw new TalonError('invalid_config', problems.map(({ message }) => message).join('\n'));
  const usesTls = tls.cert_file !== '';
  const usesCertificates = usesTls && tls.client_ca_file !== '';
  const read = async () => ({
    credentials: await readCredentials(auth),
    tls: usesTls ? await readTls(tls) : undefined,
  });
  let current = await read().catch((error: unknown) => {
    throw new TalonError('invalid_config', errorText(error), { cause: error });
  });
  const asksNobody = !usesCertificates && !knowsAnybody(current.credentials);
  const senders = createSenders(auth.allowed_senders);
  const rate = createSenderRate({
    rate: settings.senderRate,
    burst: settings.senderRate,
    capacity: SENDERS_KEPT,
    now: deps.monotonic,
  });
  const tolerance = auth.hmac_tolerance_seconds * 1000;
  const nonces = await openNonces({
    directory: auth.hmac_keys.length + auth.hmac_key_files.length > 0 ? settings.dataDirectory : undefined,
    tolerance,
    capacity: NONCES_KEPT,
    now: deps.now,
    logger: deps.logger,
  });
  const openPaths = new Set(settings.openPaths);
  const keeperOf = (credentials: Credentials): Keeper => ({
    credentials,
    isOpen: asksNobody,
    senders,
    clientNames: usesCertificates ? tls.client_names : undefined,
    openPaths,
    wait: (sender) => rate.wait(sender),
    signatureProblem: (signature) => signatureProblem(signature, credentials.keys, tolerance, deps.now()),
    spend: ({ nonce, time }) => nonces.spend(nonce, time),
  });
  let keeper = keeperOf(current.credentials);

  let refusal = '';
  async function reload(): Promise<void> {
    try {
      const next = await read();
      const renewed = next.tls && !isSame(next.tls, current.tls);
      current = next;
      keeper = keeperOf(next.credentials);
      refusal = '';
      if (renewed) {
        deps.renewed(next.tls!.material);
        deps.logger.info('certificate renewed', { expires: next.tls!.expires.toISOString() });
      }
    } catch (error) {
      const text = errorText(error);
      if (text === refusal) return;
      refusal = text;
      deps.logger.error('credentials not read again, the ones in use stay in force', { error: text });
    }
  }

  const files = [...secretFiles(settings), ...[tls.cert_file, tls.client_ca_file].filter((file) => file !== '')];
  let reading = Promise.resolve();
  const watch = files.length > 0 ? deps.watch(files, () => (reading = reading.then(reload))) : undefined;

  return {
    tls: current.tls?.material,
    isOpen: asksNobody && isEverybody(auth.allowed_senders),
    certificateExpires: () => current.tls?.expires.getTime(),
    admit: (request) => admit(request, keeper),
    async close(grace) {
      watch?.close();
      await nonces.close(grace);
    },
  };
}

/** Files nobody else should be able to read. */
export function secretFiles({ auth, tls }: Pick<DoorSettings, 'auth' | 'tls'>): readonly string[] {
  const { token_files, basic_files, secret_path_files, hmac_key_files } = auth;
  const keys = tls.key_file === '' ? [] : [tls.key_file];
  return [...token_files, ...basic_files, ...secret_path_files, ...hmac_key_files, ...keys];
}

function isSame({ material: one }: ReadTls, other: ReadTls | undefined): boolean {
  const same = (a: Buffer | undefined, b: Buffer | undefined) => (a && b ? a.equals(b) : a === b);
  const two = other?.material;
  return same(one.cert, two?.cert) && same(one.key, two?.key) && same(one.ca, two?.ca);
}
