import { isValid } from './rule-sets.ts';

/** What the log and the plugin say about a run; everything counted that must not be. */
export interface Verdict {
  readonly events: number;
  /** Different rule sets that judged events. */
  readonly versions: number;
  readonly reloads: number;
  readonly refusals: number;
  /** Events that were not judged by exactly one complete, valid rule set. */
  readonly wrong: readonly string[];
  /** Clients that were open at once, beyond one, and those never closed. */
  readonly clientsTooMany: number;
  readonly clientsLeft: number;
  readonly clients: number;
}

interface Line {
  readonly message: string;
  readonly level: string;
  readonly trace_id?: string;
  readonly rules_version?: string;
  readonly rule?: string;
  readonly action?: string;
  readonly status?: string;
  readonly result?: string;
}

/** Reads the server's log: each event, its matches and its actions must all tell of the same rules, and those must be whole. */
export function judge(log: string, clientsLog: string): Verdict {
  const lines = log
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);
  const byEvent = Map.groupBy(
    lines.filter(({ message }) => message === 'event' || message === 'match' || message === 'action'),
    ({ trace_id }) => trace_id ?? '',
  );
  const numbers = new Map<string, string>();
  const wrong = Array.from(byEvent, ([trace, told]) => {
    const problem = problemOf(told, numbers);
    return problem === undefined ? undefined : `${trace}: ${problem}`;
  });
  const count = (message: string) => lines.filter((line) => line.message === message).length;
  return {
    events: byEvent.size,
    versions: numbers.size,
    reloads: count('rules reloaded'),
    refusals: count('rules not reloaded, the running rules stay in force'),
    wrong: wrong.filter((problem) => problem !== undefined),
    ...clientsIn(clientsLog),
  };
}

/** @param numbers the number that the rules of a version carry, by the version; grows */
function problemOf(told: readonly Line[], numbers: Map<string, string>): string | undefined {
  const of = (message: string) => told.filter((line) => line.message === message);
  const [event] = of('event');
  const version = event?.rules_version ?? '';
  if (of('event').length !== 1 || version === '') return `${of('event').length} lines of the event`;
  if (told.some(({ rules_version }) => rules_version !== version)) return 'judged by two rule sets';
  const rules = of('match').map(({ rule }) => rule);
  if (rules.join() !== 'first,second') return `matched ${rules.join()}`;
  const actions = of('action')
    .filter(({ status }) => status !== 'in_progress')
    .toSorted((a, b) => a.rule!.localeCompare(b.rule!));
  const [number = ''] = actions.map(({ result }) => result);
  const expected = [`first-${number} ${number} success`, `second-${number} ${number} success`];
  const found = actions.map(({ action, result, status }) => `${action} ${result} ${status}`);
  if (found.join() !== expected.join()) return `acted ${found.join()}`;
  if (!isValid(Number(number))) return `acted by the invalid rules ${number}`;
  if ((numbers.get(version) ?? number) !== number) return `version ${version} carries ${number} and another number`;
  numbers.set(version, number);
  return undefined;
}

function clientsIn(log: string) {
  let open = 0;
  let most = 0;
  let clients = 0;
  for (const word of log.split('\n').filter(Boolean)) {
    open += word === 'created' ? 1 : -1;
    clients += word === 'created' ? 1 : 0;
    most = Math.max(most, open);
  }
  return { clients, clientsTooMany: Math.max(0, most - 1), clientsLeft: open };
}
