import type { KeyObject } from 'node:crypto';
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { bits, boolean, explicit, implicit, integer, octets, oid, sequence, set, utcTime, utf8 } from './der.ts';

/** A certificate and its key, both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface Authority {
  readonly certificate: string;
  issueServer(): KeyPair;
  /** A client certificate: Kubernetes reads the user from CN and the groups from O. */
  issueClient(user: string, groups: readonly string[], validity?: Validity): KeyPair;
}

/** As `YYMMDDhhmmssZ`. */
export interface Validity {
  readonly from: string;
  readonly to: string;
}

const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
const OID = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
};
/** Fixed, so that no clock is read; the certificates live as long as the test that made them. */
const VALIDITY: Validity = { from: '200101000000Z', to: '491231235959Z' };

interface Keys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

function newKeys(): Keys {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}

function distinguishedName(commonName: string, organizations: readonly string[]): Buffer {
  const part = (type: string, value: string): Buffer => set(sequence(oid(type), utf8(value)));
  return sequence(
    ...organizations.map((organization) => part(OID.organization, organization)),
    part(OID.commonName, commonName),
  );
}

function extension(type: string, critical: boolean, value: Uint8Array): Buffer {
  return sequence(oid(type), ...(critical ? [boolean(true)] : []), octets(value));
}

const isAuthority = extension('2.5.29.19', true, sequence(boolean(true)));
/** keyCertSign and cRLSign, or digitalSignature. */
const keyUsage = (authority: boolean): Buffer =>
  extension('2.5.29.15', true, authority ? bits(Buffer.from([0x06]), 1) : bits(Buffer.from([0x80]), 7));
const extendedUsage = (use: string): Buffer => extension('2.5.29.37', false, sequence(oid(use)));
const loopback = extension(
  '2.5.29.17',
  false,
  sequence(
    implicit(2, Buffer.from('localhost')),
    implicit(7, Buffer.from([127, 0, 0, 1])),
    implicit(7, Buffer.concat([Buffer.alloc(15), Buffer.from([1])])),
  ),
);

function keyId(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();
}

function certificate(
  subject: { readonly name: Buffer; readonly key: KeyObject },
  issuer: { readonly name: Buffer; readonly keys: Keys },
  extensions: readonly Buffer[],
  { from, to }: Validity = VALIDITY,
): string {
  const identifiers = [
    extension('2.5.29.14', false, octets(keyId(subject.key))),
    extension('2.5.29.35', false, sequence(implicit(0, keyId(issuer.keys.publicKey)))),
  ];
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ECDSA_SHA256,
    issuer.name,
    sequence(utcTime(from), utcTime(to)),
    subject.name,
    subject.key.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions, ...identifiers)),
  );
  const der = sequence(body, ECDSA_SHA256, bits(sign('sha256', body, issuer.keys.privateKey)));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** A new certificate authority with a new key (EC P-256: a few milliseconds for the whole set). */
export function createAuthority(): Authority {
  const issuer = { name: distinguishedName(`fake-kubernetes-${randomBytes(4).toString('hex')}`, []), keys: newKeys() };
  const issue = (name: Buffer, extensions: readonly Buffer[], validity?: Validity): KeyPair => {
    const keys = newKeys();
    return {
      certificate: certificate({ name, key: keys.publicKey }, issuer, [keyUsage(false), ...extensions], validity),
      key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
  };
  return {
    certificate: certificate({ name: issuer.name, key: issuer.keys.publicKey }, issuer, [isAuthority, keyUsage(true)]),
    issueServer: () => issue(distinguishedName('kube-apiserver', []), [extendedUsage(OID.serverAuth), loopback]),
    issueClient: (user, groups, validity) =>
      issue(distinguishedName(user, groups), [extendedUsage(OID.clientAuth)], validity),
  };
}
