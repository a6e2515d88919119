import type { Logger } from '@falco-talon/core';
import { decodeJournal, decodeMessage } from './frame.ts';
import type { Layout } from './layout.ts';
import type { Link } from './link.ts';

/** Milliseconds since a record was written before it may be taken for a left one. */
const OLD = 600_000;
/** Milliseconds between two sweeps. */
const EVERY = 900_000;
/** Records looked at in one go. */
const MOST = 100_000;

export interface SweepDeps {
  readonly link: Link;
  readonly layout: Layout;
  readonly now: () => number;
}

/** Now and then, as long as `mine` says so: it is one replica's work. Answers what ends it. */
export function startSweeping(deps: SweepDeps & { readonly logger: Logger }, mine: () => boolean): () => void {
  const timer = setInterval(() => void sweep(), EVERY).unref();
  async function sweep(): Promise<void> {
    const deleted = mine() ? await sweepRecords(deps, mine).catch(() => 0) : 0;
    if (deleted > 0) deps.logger.info('records that were left behind in NATS are deleted', { records: deleted });
  }
  return () => clearInterval(timer);
}

/**
 * Deletes records whose messages are gone: left behind by a replica that ended before it had swept them, or by a server that
 * lost the message and not the record. One that cannot be read stays, as its message must not be acted on.
 * @returns how many were deleted
 */
export async function sweepRecords({ link, layout, now }: SweepDeps, goOn: () => boolean): Promise<number> {
  const every = layout.journalSubject('*');
  let deleted = 0;
  let from = 1;
  for (let looked = 0; looked < MOST && goOn(); looked++) {
    const stored = await link.next(layout.state, from, every);
    if (!stored) break;
    from = stored.seq + 1;
    const record = decodeJournal(stored.data);
    if (!record || now() - record.at < OLD) continue;
    const event = await link.get(layout.events, record.event);
    // Its sequence may be another message's by now.
    const nonce = event && decodeMessage(event.data)?.nonce;
    if (nonce === record.nonce) continue;
    if (await link.remove(layout.state, stored.seq)) deleted++;
  }
  return deleted;
}
