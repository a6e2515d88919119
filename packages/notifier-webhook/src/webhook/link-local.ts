import { lookup as resolve } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { TalonError } from '@falco-talon/core';

/** What only a machine itself can reach, above all the service its cloud gives it credentials by. No webhook is there. */
const METADATA = new BlockList();
METADATA.addSubnet('169.254.0.0', 16);
METADATA.addSubnet('fe80::', 10, 'ipv6');
/** The same behind NAT64, https://www.rfc-editor.org/rfc/rfc6052 */
METADATA.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');
/** Outside those: Alibaba Cloud, AWS (metadata, EKS Pod Identity), Azure, Google Cloud. */
METADATA.addAddress('100.100.100.200');
METADATA.addAddress('fd00:ec2::254', 'ipv6');
METADATA.addAddress('fd00:ec2::23', 'ipv6');
METADATA.addAddress('168.63.129.16');
METADATA.addAddress('fd20:ce::254', 'ipv6');

/** @throws TalonError `refused` for an address as it stands in a URL; of names, `lookup` judges what they lead to */
export function refuseMetadata(hostname: string): void {
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  if (isMetadata(address)) throw refusedTo(address);
}

function isMetadata(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && METADATA.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

function refusedTo(address: string): TalonError {
  return new TalonError(
    'refused',
    `notifiers.webhook.url leads to ${address}, where a machine gets its own credentials: nothing is sent there`,
  );
}

/** What a connection is made to is what was looked at: a name that leads elsewhere a moment later changes nothing. */
export const lookup: LookupFunction = (hostname, options, done) => {
  resolve(hostname, options, (error, found, family) => {
    const addresses = typeof found === 'string' ? [found] : (found ?? []).map(({ address }) => address);
    const metadata = error ? undefined : addresses.find(isMetadata);
    done(metadata === undefined ? error : refusedTo(metadata), found, family);
  });
};
