import { createHash } from 'node:crypto';
import { createAccount, createOperator, createUser, type KeyPair } from '@nats-io/nkeys';

export interface OperatorMode {
  /** For the server's configuration. */
  readonly config: string;
  /** What `nsc generate creds` writes. */
  readonly creds: string;
}

/** A server's operator, an account with JetStream, and a user of it. Form: nats-io/jwt, claims of version 2. */
export function operatorMode(): OperatorMode {
  const operator = createOperator();
  const account = createAccount();
  const system = createAccount();
  const user = createUser();
  const unlimited = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const jetstream = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const accountJwt = (key: KeyPair, limits: object) =>
    claim(operator, key.getPublicKey(), { type: 'account', version: 2, limits });
  const operatorJwt = claim(operator, operator.getPublicKey(), {
    type: 'operator',
    version: 2,
    system_account: system.getPublicKey(),
  });
  const userJwt = claim(account, user.getPublicKey(), { type: 'user', version: 2, subs: -1, data: -1, payload: -1 });
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return {
    config: [
      `operator: ${operatorJwt}`,
      `system_account: ${system.getPublicKey()}`,
      'resolver: MEMORY',
      'resolver_preload: {',
      `  ${account.getPublicKey()}: ${accountJwt(account, { ...unlimited, ...jetstream })}`,
      `  ${system.getPublicKey()}: ${accountJwt(system, unlimited)}`,
      '}',
    ].join('\n'),
    creds: [
      '-----BEGIN NATS USER JWT-----',
      userJwt,
      '------END NATS USER JWT------',
      '',
      '-----BEGIN USER NKEY SEED-----',
      text(user.getSeed()),
      '------END USER NKEY SEED------',
    ].join('\n'),
  };
}

function claim(issuer: KeyPair, subject: string, nats: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = { iat: 1_700_000_000, iss: issuer.getPublicKey(), sub: subject, name: subject, nats };
  const jti = createHash('sha256').update(JSON.stringify(body)).digest('hex');
  const signed = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part({ ...body, jti })}`;
  return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString('base64url')}`;
}
