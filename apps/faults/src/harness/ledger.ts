import type { FaultRun } from '../scenario.ts';
import type { LogLine } from './log-lines.ts';
import type { Sent } from './sender.ts';

/** What became of every alert. `accepted` is the sum of what follows it, or something is unexplained. */
export interface Account {
  readonly accepted: number;
  readonly done: number;
  /** Of those `done`, the ones only their effect tells of: the line was lost with a process that was killed. None without `killed`. */
  readonly doneByEffect: number;
  readonly failed: number;
  readonly dead: number;
  readonly deduplicated: number;
  readonly queued: number;
  /** The scenario itself broke what was stored of them, and no line of the log can name them any more. */
  readonly damaged: number;
  /** Accepted, and nothing tells what became of them: their trace ids. */
  readonly unexplained: readonly string[];
  readonly refused: ReadonlyMap<string, number>;
  /** Sent, but no answer came back. */
  readonly lost: number;
  /** Of those, the ones that were stored all the same. */
  readonly lostButStored: number;
  readonly unsent: number;
  /** Actions that ended more than once, as `<trace id> <rule> <action>`. */
  readonly repeated: readonly string[];
}

export interface Evidence {
  readonly sent: readonly Sent[];
  readonly lines: AsyncIterable<LogLine> | Iterable<LogLine>;
  /** Messages in the queue at the end. */
  readonly queued?: number;
  /** Whether the scenario broke what was stored of it. It counts where nothing is told of the alert. Default none. */
  readonly isDamaged?: (sent: Sent) => boolean;
  /** Steps every alert is to have, over all its rules. Default 1; 0: the alerts match no rule, `print_all_events` is on. */
  readonly steps?: number;
  /** Whether the effect of this alert, and of no other, was seen where it was to take place. */
  readonly hasEffect?: (sent: Sent) => boolean;
  /** Processes were killed, and lines with them: an effect then stands for an end. Default no. */
  readonly killed?: boolean;
}

interface Told {
  event: boolean;
  /** Work on it has begun: it is no duplicate. */
  begun: boolean;
  dead: boolean;
  /** Final statuses by rule and action. */
  readonly ends: Map<string, string>;
}

const BEGUN = new Set(['event', 'match', 'action', 'event set aside']);
const FINAL = new Set(['success', 'failure', 'ignored', 'dry_run']);

export async function account(evidence: Evidence): Promise<Account> {
  const { steps = 1, queued = 0, hasEffect = () => false, isDamaged = () => false, killed = false } = evidence;
  const told = new Map<string, Told>();
  const repeated: string[] = [];
  for await (const line of evidence.lines) note(line, told, repeated);
  const begun = (one: Sent) => told.get(one.traceId)?.begun === true;
  // The first of those with the same text that was stored stands for all; which one that was, nobody can say.
  const stored = new Set(
    evidence.sent.filter((one) => begun(one) || (killed && hasEffect(one))).map((one) => one.copyOf ?? one.traceId),
  );
  const counts = { accepted: 0, done: 0, doneByEffect: 0, failed: 0, dead: 0, deduplicated: 0, damaged: 0 };
  const refused = new Map<string, number>();
  const open: string[] = [];
  let lost = 0;
  let lostButStored = 0;
  for (const one of evidence.sent) {
    if (one.outcome === 'refused') {
      const reason = `${one.status} ${one.said}`.trim();
      refused.set(reason, (refused.get(reason) ?? 0) + 1);
    }
    if (one.outcome === 'lost') {
      lost++;
      if (told.has(one.traceId) || hasEffect(one)) lostButStored++;
    }
    if (one.outcome !== 'accepted') continue;
    counts.accepted++;
    const end = endOf(told.get(one.traceId), steps);
    if (end) counts[end]++;
    else if (killed && hasEffect(one)) {
      counts.done++;
      counts.doneByEffect++;
    } else if (one.copyOf !== undefined && !begun(one) && stored.has(one.copyOf)) counts.deduplicated++;
    else if (isDamaged(one)) counts.damaged++;
    else open.push(one.traceId);
  }
  // What is queued has no end yet; which of the open ones those are only the queue knows.
  const waiting = Math.min(queued, open.length);
  const unsent = evidence.sent.filter(({ outcome }) => outcome === 'unsent').length;
  const unexplained = open.length > queued ? open : [];
  return { ...counts, queued: waiting, unexplained, refused, lost, lostButStored, unsent, repeated };
}

function note(line: LogLine, told: Map<string, Told>, repeated: string[]): void {
  const trace = line.trace_id;
  if (trace === undefined) return;
  let one = told.get(trace);
  if (!one) told.set(trace, (one = { event: false, begun: false, dead: false, ends: new Map() }));
  if (line.message === 'event') one.event = true;
  if (BEGUN.has(line.message)) one.begun = true;
  if (line.message === 'event set aside') one.dead = true;
  if (line.message !== 'action') return;
  if (one.dead && line.status === 'in_progress') putBack(one);
  if (!FINAL.has(line.status ?? '')) return;
  const name = `${line.rule} ${line.action}`;
  if (one.ends.has(name)) repeated.push(`${trace} ${name}`);
  one.ends.set(name, line.status ?? '');
}

/** In line again: it is no dead letter any more, and what failed is tried again. */
function putBack(one: Told): void {
  one.dead = false;
  for (const [name, status] of one.ends) if (status === 'failure') one.ends.delete(name);
}

function endOf(told: Told | undefined, steps: number): 'done' | 'failed' | 'dead' | undefined {
  if (!told) return undefined;
  if (told.dead) return 'dead';
  if (steps === 0) return told.event ? 'done' : undefined;
  const ends = [...told.ends.values()];
  if (ends.includes('failure')) return 'failed';
  return ends.length >= steps ? 'done' : undefined;
}

/** Prints the account and demands that it is even. */
export function sayAccount(run: Pick<FaultRun, 'say' | 'expect'>, result: Account): void {
  const { accepted, done, doneByEffect, failed, dead, deduplicated, queued, unexplained, refused, repeated } = result;
  const byEffect = doneByEffect > 0 ? ` (${doneByEffect} known by their effect alone)` : '';
  const damaged = result.damaged > 0 ? ` + damaged ${result.damaged}` : '';
  run.say(
    `accepted ${accepted} = done ${done}${byEffect} + failed ${failed} + dead letter ${dead} + deduplicated ${deduplicated} + queued ${queued}${damaged} + unexplained ${unexplained.length}`,
  );
  const reasons = Array.from(refused, ([reason, count]) => `${count} × ${reason}`).join(', ');
  const { lost, lostButStored, unsent } = result;
  if (refused.size > 0) run.say(`refused: ${reasons}`);
  if (lost > 0) run.say(`no answer came back: ${lost}, of which ${lostButStored} were stored`);
  if (unsent > 0) run.say(`nobody was there to receive: ${unsent}`);
  if (repeated.length > 0) run.say(`told again after a restart: ${repeated.length}`);
  if (unexplained.length > 0) run.say(`unexplained, among them: ${unexplained.slice(0, 10).join(', ')}`);
  run.expect('every accepted alert is explained', unexplained.length === 0);
}
