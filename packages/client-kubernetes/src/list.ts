import { answerError, tooLargeError, tooManyObjects, unreadableError } from './failure.ts';
import type { KubernetesObject, ListOptions, Resource, Snapshot } from './kubernetes.ts';
import type { Limits } from './limits.ts';
import { readJson } from './answer-body.ts';
import { collectionPath, resourceText } from './path.ts';
import { queryText } from './query.ts';
import { explainStatus } from './status.ts';
import { perform, type Call, type Session } from './transport/call.ts';

const PAGE_SIZE = 500;
/** A list whose continue tokens expire again and again is given up. */
const MOST_EXPIRIES = 3;

/**
 * All pages. An expired continue token (410) is followed by the fresh one of that answer: objects made, changed or deleted
 * meanwhile may then be missed, as after any list. Without a fresh one the list starts again.
 */
export async function listAll<T extends KubernetesObject>(
  session: Session,
  limits: Limits,
  resource: Resource,
  options: ListOptions,
): Promise<readonly T[]> {
  const { objects } = await readPages<T>(session, limits, resource, { ...options, sameMoment: false });
  return objects;
}

/** All pages of one moment: after an expired continue token the list starts again, as a watch cannot go on from two. */
export function listSnapshot<T extends KubernetesObject>(
  session: Session,
  limits: Limits,
  resource: Resource,
  options: ListOptions,
): Promise<Snapshot<T>> {
  return readPages<T>(session, limits, resource, { ...options, sameMoment: true });
}

async function readPages<T extends KubernetesObject>(
  session: Session,
  limits: Limits,
  resource: Resource,
  options: ListOptions & { readonly sameMoment: boolean },
): Promise<Snapshot<T>> {
  let objects: T[] = [];
  let token: string | undefined;
  let expiries = 0;
  let bytes = 0;
  let pages = 0;
  const path = collectionPath(resource, options.namespace);
  for (;;) {
    const call: Call = {
      method: 'GET',
      path,
      query: queryText({
        limit: options.pageSize ?? PAGE_SIZE,
        labelSelector: options.labelSelector,
        fieldSelector: options.fieldSelector,
        continue: token,
      }),
      verb: 'list',
      resource: resourceText(resource),
      namespace: options.namespace,
      signal: options.signal,
      ...(token === undefined ? {} : { expects: 410 }),
    };
    const answer = await perform(session, call, limits);
    if (answer.status === 410) {
      if (++expiries > MOST_EXPIRIES) throw answerError(call, answer, session.now());
      token = options.sameMoment ? undefined : explainStatus(answer).continueToken;
      if (token === undefined) objects = [];
      continue;
    }
    const page = readJson(call, answer) as { items?: unknown; metadata?: Readonly<Record<string, unknown>> };
    if (!Array.isArray(page.items)) throw unreadableError(call, answer, 'the answer is no list');
    bytes += answer.body.length;
    if (bytes > limits.listBytes) {
      throw tooLargeError(call, `more than ${limits.listBytes} bytes; use a selector or a namespace`);
    }
    // A page may be empty and not be the last.
    const counted = Math.max(objects.length + page.items.length, ++pages);
    if (counted > limits.listObjects) throw tooManyObjects(call, limits.listObjects);
    objects = objects.length === 0 ? (page.items as T[]) : objects.concat(page.items as T[]);
    const next = page.metadata?.['continue'];
    if (typeof next === 'string' && next !== '') {
      token = next;
      continue;
    }
    const version = page.metadata?.['resourceVersion'];
    const resourceVersion = typeof version === 'string' ? version : '';
    if (options.sameMoment && resourceVersion === '') {
      throw unreadableError(call, answer, 'the list has no resourceVersion');
    }
    return { objects, resourceVersion };
  }
}
