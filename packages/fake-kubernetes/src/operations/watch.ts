import type { ApiObject } from '../api-object.ts';
import type { JsonObject } from '../json.ts';
import { quote } from '../json.ts';
import { canonical } from '../resources/canonical.ts';
import { apiVersionOf, qualifiedPlural, storedAs } from '../resources/resource.ts';
import { parseSelectors } from '../selectors/selectors.ts';
import type { Answer } from '../server/answer.ts';
import { statusAnswer } from '../server/answer.ts';
import { forbiddenField, internalError, invalid } from '../server/refusals.ts';
import type { ApiRequest, Cluster } from '../server/request.ts';
import type { HistoryEntry } from '../storage/history.ts';
import type { WatchStream } from '../watch/watches.ts';

/** Milliseconds between bookmarks, and how long before its end a watch gets one more. */
const BOOKMARK_INTERVAL = 60_000;
const LAST_BOOKMARK = 1_500;

interface WatchOptions {
  /** Undefined: begin with what there is. */
  readonly version: number | undefined;
  readonly bookmarks: boolean;
  readonly timeoutSeconds: number;
}

function flag(request: ApiRequest, name: string): boolean {
  const text = request.query.get(name) ?? '';
  return text !== '' && text !== '0' && text !== 'false';
}

function readOptions(request: ApiRequest): WatchOptions {
  const { query } = request;
  const matches = query.get('resourceVersionMatch') ?? '';
  const wrong = flag(request, 'sendInitialEvents')
    ? matches !== 'NotOlderThan' && 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'
    : matches !== '' && 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided';
  if (wrong !== false) {
    const of = { group: 'meta.k8s.io', kind: 'ListOptions' };
    throw invalid(of, '', [forbiddenField('resourceVersionMatch', wrong)]);
  }
  const text = query.get('resourceVersion') ?? '';
  if (!/^\d*$/.test(text)) {
    const parsed = `strconv.ParseUint: parsing ${quote(text)}: invalid syntax`;
    throw internalError(`resourceVersion: Invalid value: ${quote(text)}: ${parsed}`);
  }
  const initial = text === '' || text === '0' || flag(request, 'sendInitialEvents');
  return {
    version: initial ? undefined : Number(text),
    bookmarks: flag(request, 'allowWatchBookmarks'),
    timeoutSeconds: Number(query.get('timeoutSeconds') ?? 0),
  };
}

/** What is left of a pod in a bookmark is what its Go type writes when it is empty. */
function bookmarkOf({ resource }: ApiRequest, version: number, more: JsonObject = {}): JsonObject {
  return {
    kind: resource.kind,
    apiVersion: apiVersionOf(resource),
    metadata: { resourceVersion: String(version), ...more },
    ...(resource.kind === 'Pod' ? { spec: { containers: null }, status: {} } : {}),
  };
}

/** Tells a watcher of one change: an object that leaves the selection is deleted for it, one that enters is added. */
function tell(
  stream: WatchStream,
  request: ApiRequest,
  fits: (object: ApiObject) => boolean,
  entry: HistoryEntry,
): void {
  const { resource, namespace } = request;
  if (qualifiedPlural(entry.resource) !== qualifiedPlural(storedAs(resource))) return;
  const { object, before, change } = entry;
  if (namespace !== '' && object.metadata.namespace !== namespace) return;
  const shown = (stored: ApiObject): ApiObject =>
    resource.storage === undefined ? stored : canonical(resource, stored);
  const was = before !== undefined && fits(shown(before));
  const is = change !== 'deleted' && fits(shown(object));
  if (is) return stream.event(was ? 'MODIFIED' : 'ADDED', shown(object));
  if (!was) return;
  // Whoever leaves is shown as it last fitted, under the version of the change.
  const { resourceVersion } = object.metadata;
  const last = change === 'deleted' ? object : { ...before, metadata: { ...before.metadata, resourceVersion } };
  stream.event('DELETED', shown(last));
}

/** Streams the changes of a collection until the timeout, or until the client has gone. @throws Refusal 400, 422, 500 */
export function watch(cluster: Cluster, request: ApiRequest): Answer {
  const { store, history, watches } = cluster;
  const options = readOptions(request);
  const fits = parseSelectors(request);
  const endings: (() => void)[] = [];
  const ahead = (options.version ?? 0) > store.version;
  const bookmark = options.bookmarks && !ahead ? () => bookmarkOf(request, store.version) : undefined;
  const stream = watches.add(bookmark, () => endings.forEach((end) => end()));
  const answer: Answer = { status: 200, body: stream.body };

  if (options.version === undefined) {
    for (const object of store.list(request.resource, request.namespace))
      if (fits(object)) stream.event('ADDED', object);
    const end = { annotations: { 'k8s.io/initial-events-end': 'true' } };
    if (options.bookmarks) stream.event('BOOKMARK', bookmarkOf(request, store.version, end));
  } else if (options.version < history.oldest) {
    const message = `too old resource version: ${options.version} (${history.oldest})`;
    stream.event('ERROR', statusAnswer({ code: 410, reason: 'Expired', message }).body as JsonObject);
    stream.end();
    return answer;
  } else for (const entry of history.since(options.version)) tell(stream, request, fits, entry);

  const from = Math.max(options.version ?? 0, store.version);
  endings.push(history.onEntry((entry) => entry.version > from && tell(stream, request, fits, entry)));
  const timer = (start: () => NodeJS.Timeout): void => {
    const started = start().unref();
    endings.push(() => clearTimeout(started));
  };
  const mark = (): void => bookmark && stream.event('BOOKMARK', bookmark());
  timer(() => setInterval(mark, BOOKMARK_INTERVAL));
  const time = options.timeoutSeconds * 1000;
  if (time > 2 * LAST_BOOKMARK) timer(() => setTimeout(mark, time - LAST_BOOKMARK));
  if (time > 0) timer(() => setTimeout(() => stream.end(), time));
  return answer;
}
