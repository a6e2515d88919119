import { TalonError } from '@falco-talon/core';
import { lostError } from '../failure.ts';
import type { DiscoveredResource, Discovery, FindOptions, KubernetesFailure } from '../kubernetes.ts';
import type { Limits } from '../limits.ts';
import { checkLabel, checkSubdomain, shownName } from '../names.ts';
import { joinRead, shareRead, type SharedRead } from '../shared-read.ts';
import type { Session } from '../transport/call.ts';
import { fetchResources } from './fetch-resources.ts';
import type { Rows } from './read-rows.ts';

interface Table {
  readonly at: number;
  readonly byPlural: ReadonlyMap<string, readonly DiscoveredResource[]>;
  readonly silent: readonly string[];
}

/** Discovery of one client. What was found is kept; a failure is not, and callers at the same time share one look-up. */
export function createDiscovery(session: Session, limits: Limits): Discovery {
  let known: Table | undefined;
  let fetching: SharedRead<Table> | undefined;

  async function fetchTable(signal: AbortSignal): Promise<Table> {
    const rows = await fetchResources(session, limits, signal);
    known = tableOf(rows, session.now());
    return known;
  }

  function refresh(signal: AbortSignal): Promise<Table> {
    const forget = (gone: SharedRead<Table>) => {
      if (fetching === gone) fetching = undefined;
    };
    if (!fetching) {
      const begun = shareRead(fetchTable);
      fetching = begun;
      const end = () => forget(begun);
      begun.result.then(end, end);
    }
    return joinRead(fetching, signal, () => stopped(signal), forget);
  }

  /** A clock that was set back makes it old too. */
  const isOlder = (table: Table, age: number) => Math.abs(session.now() - table.at) >= age;

  return {
    async find(plural, options) {
      checkLabel('plural of a resource', plural);
      if (options.group !== undefined && options.group !== '') checkSubdomain('name of an API group', options.group);
      let table = known !== undefined && !isOlder(known, limits.discoveryAge) ? known : await refresh(options.signal);
      let found = select(table, plural, options);
      if (found.length === 0 && isOlder(table, limits.discoveryRefresh)) {
        table = await refresh(options.signal);
        found = select(table, plural, options);
      }
      if (found.length === 0) throw unknown(table, plural, options.group);
      return found;
    },
  };
}

function tableOf({ resources, silent }: Rows, at: number): Table {
  const byPlural = new Map<string, DiscoveredResource[]>();
  for (const resource of resources) {
    const same = byPlural.get(resource.plural) ?? [];
    // The group's other versions of the same objects come later.
    if (!same.some(({ group }) => group === resource.group)) same.push(resource);
    byPlural.set(resource.plural, same);
  }
  return { at, byPlural, silent };
}

function select(table: Table, plural: string, { group }: FindOptions): readonly DiscoveredResource[] {
  const served = table.byPlural.get(plural) ?? [];
  return group === undefined ? served : served.filter((resource) => resource.group === group);
}

function unknown(table: Table, plural: string, group: string | undefined): TalonError {
  const silent = table.silent.filter((name) => group === undefined || name === group);
  const what = `${shownName(plural)}${group === undefined ? '' : ` in ${groupText(group)}`}`;
  if (silent.length === 0) {
    const message = `the cluster serves no resource ${what}`;
    return new TalonError('unsupported', message, { cause: failure('UnknownResource', message) });
  }
  const groups = [...new Set(silent)].slice(0, 5).map(shownName).join(', ');
  const message = `no resource ${what} is known, and these API groups of the cluster do not answer: ${groups}`;
  return new TalonError('unavailable', message, { cause: failure('GroupNotAvailable', message), retryable: true });
}

function groupText(group: string): string {
  return group === '' ? 'the core group' : `API group ${shownName(group)}`;
}

function failure(reason: string, message: string): KubernetesFailure {
  return { kind: 'kubernetes-failure', method: 'GET', path: '/apis', status: 0, reason, message, causes: [] };
}

function stopped(signal: AbortSignal): TalonError {
  const call = { method: 'GET', path: '/apis', verb: 'get', resource: '/apis', signal } as const;
  return lostError(call, { lost: 'aborted', sent: false, text: 'aborted' });
}
