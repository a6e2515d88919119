import { at, isObject, sameJson, textAt } from '../json.ts';
import type { Json } from '../json.ts';
import type { Called } from './client.ts';
import type { Exchange } from './exchange.ts';

/** Collects what differs; `wanted` undefined means the recording says nothing about it. */
interface Findings {
  readonly same: (what: string, got: unknown, wanted: unknown) => void;
  readonly holds: (what: string, got: unknown, holds: boolean) => void;
}

/** Uids and versions differ from run to run. */
export function normalised(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (uid) => (uid.startsWith('00000000') ? uid : '<uid>'))
    .replace(/in record \(\d+\)/, 'in record (<version>)')
    .replace(/current: \d+/, 'current: <version>');
}

const keysOf = (value: unknown): readonly string[] => (isObject(value) ? Object.keys(value) : []);
const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? (value as Json[]) : []);

/** Whether everything `part` says is true of `whole`. */
function includes(whole: Json | undefined, part: Json): boolean {
  if (Array.isArray(part)) {
    const items = listOf(whole);
    return items.length === part.length && part.every((item, index) => includes(items[index], item));
  }
  if (!isObject(part)) return sameJson(whole, part);
  return isObject(whole) && Object.entries(part).every(([key, value]) => includes(at(whole, key), value));
}

function compareFailure(exchange: Exchange, body: Json, { same, holds }: Findings): void {
  const message = normalised(textAt(body, 'message'));
  const { messageStarts = '', messageEnds = '' } = exchange;
  if (exchange.message !== undefined) same('message', message, exchange.message);
  holds('start of the message', message.slice(0, messageStarts.length), message.startsWith(messageStarts));
  holds('end of the message', message.slice(-messageEnds.length), message.endsWith(messageEnds));
  same('code', at(body, 'code'), exchange.status);
  same('reason', textAt(body, 'reason'), exchange.reason);
  same('metadata', keysOf(at(body, 'metadata')), exchange.metadata ?? []);
  const details = at(body, 'details');
  const { causes, ...rest } = isObject(details) ? details : {};
  same('details', details === undefined ? undefined : rest, exchange.details);
  same('number of causes', listOf(causes).length, exchange.causes?.count ?? 0);
  const first = listOf(causes)[0];
  holds('first cause', first, exchange.causes === undefined || includes(first, exchange.causes.first));
}

function compareObject(wanted: NonNullable<Exchange['object']>, body: Json, { same, holds }: Findings): void {
  same('keys', keysOf(body), wanted.keys);
  same('kind', [textAt(body, 'apiVersion'), textAt(body, 'kind')], [wanted.apiVersion, wanted.kind]);
  const metadata = at(body, 'metadata');
  const keys = keysOf(metadata).filter((key) => key !== 'managedFields' && key !== 'annotations');
  same('keys of the metadata', keys, wanted.metadataKeys);
  holds('metadata', metadata, includes(metadata, wanted.metadata ?? {}));
  // Nodes carry labels of their own machine; of their spec only what a test changes is compared.
  const node = wanted.kind === 'Node';
  if (!node) same('labels', at(metadata, 'labels'), wanted.metadata?.['labels']);
  if (wanted.spec !== undefined && !node) same('spec', at(body, 'spec'), wanted.spec);
  for (const field of node ? ['unschedulable', 'taints'] : []) {
    same(field, at(body, 'spec', field), at(wanted.spec, field));
  }
  const managers = at(metadata, 'managedFields');
  holds('managers', managers, wanted.managers === undefined || includes(managers, [...wanted.managers]));
}

function compareList(wanted: NonNullable<Exchange['list']>, body: Json, { same }: Findings): void {
  same('kind', [textAt(body, 'apiVersion'), textAt(body, 'kind')], [wanted.apiVersion, wanted.kind]);
  same('keys of the metadata', keysOf(at(body, 'metadata')), wanted.metadata);
  const items = listOf(at(body, 'items'));
  const names = items.map((item) => textAt(item, 'metadata', 'name'));
  same('names', names, wanted.names);
  if (wanted.itemKeys !== undefined) same('keys of an item', keysOf(items[0]), wanted.itemKeys);
}

function compareDiscovery(exchange: Exchange, body: Json, { same, holds }: Findings): void {
  if (exchange.keys !== undefined) same('keys', keysOf(body), exchange.keys);
  for (const [field, rows] of Object.entries(exchange.includes ?? {})) {
    const served = listOf(at(body, field));
    for (const row of rows)
      holds(
        `a row of ${field}`,
        row,
        served.some((other) => sameJson(other, row)),
      );
  }
  const { row } = exchange;
  if (row === undefined) return;
  const served = listOf(at(body, 'items')).flatMap((group) => at(group, 'versions', 0, 'resources') ?? []);
  holds(
    'a row',
    row,
    served.some((other) => sameJson(other, row)),
  );
}

/** What of an answer is not as it was recorded, one sentence each. */
export function differences(exchange: Exchange, answer: Called): readonly string[] {
  const found: string[] = [];
  const findings: Findings = {
    same: (what, got, wanted) => {
      if (!sameJson(got, wanted)) found.push(`${what}: ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`);
    },
    holds: (what, got, holds) => {
      if (!holds) found.push(`${what} is not as recorded: ${JSON.stringify(got)}`);
    },
  };
  const { same, holds } = findings;
  same('status', answer.status, exchange.status);
  for (const name of ['warning', 'retry-after']) same(name, answer.headers[name], exchange.headers?.[name]);
  const type = answer.status === 204 ? undefined : (exchange.headers?.['content-type'] ?? 'application/json');
  same('content type', answer.headers['content-type'], type);
  if (exchange.text !== undefined) same('text', answer.text, exchange.text);
  if (exchange.reason !== undefined) compareFailure(exchange, answer.body, findings);
  if (exchange.object !== undefined) compareObject(exchange.object, answer.body, findings);
  if (exchange.list !== undefined) compareList(exchange.list, answer.body, findings);
  if (exchange.body !== undefined) {
    const body = JSON.parse(normalised(JSON.stringify(answer.body))) as Json;
    holds('body', body, includes(body, exchange.body));
  }
  compareDiscovery(exchange, answer.body, findings);
  return found;
}
