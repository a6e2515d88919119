import { JetStreamApiError, type JetStreamManager, type StreamConfig } from '@nats-io/jetstream';
import { errorText, TalonError } from '@falco-talon/core';
import { failure } from './failure.ts';
import type { Layout } from './layout.ts';

const STREAM_NOT_FOUND = 10059;
const NANOSECONDS = 1_000_000;

export interface StreamLimits {
  readonly replicas: number;
  readonly maxMessages: number;
  readonly maxBytes: number;
  readonly maxDead: number;
  readonly maxDeadBytes: number;
  /** Milliseconds. */
  readonly deadRetention: number;
  /** Milliseconds; keys of accepted messages are forgotten then. */
  readonly seenRetention: number;
  readonly maxSeen: number;
}

type Wanted = Pick<StreamConfig, 'name' | 'subjects'> & Partial<StreamConfig>;
/** What must be as it is wanted: anything else loses messages, or order. */
const EXACT = ['storage', 'retention', 'discard', 'max_msgs_per_subject'] as const;
/** Limits the owner of the server may have changed on purpose: `nats stream edit` and the configuration must agree. */
const LIMITS = ['num_replicas', 'max_msgs', 'max_bytes', 'max_age'] as const;
const FLAGS: Readonly<Record<string, string>> = {
  storage: '--storage',
  retention: '--retention',
  discard: '--discard',
  max_msgs_per_subject: '--max-msgs-per-subject',
  num_replicas: '--replicas',
  max_msgs: '--max-msgs',
  max_bytes: '--max-bytes',
  max_age: '--max-age',
};

function wantedStreams(layout: Layout, limits: StreamLimits): Wanted[] {
  const name = layout.events.replace(/_events$/, '');
  const common = { storage: 'file', retention: 'limits', num_replicas: limits.replicas, max_age: 0 } as const;
  return [
    {
      ...common,
      name: layout.events,
      description: 'Events of Falco Talon that are not finished. None expires: what was acknowledged is kept.',
      subjects: [`${name}.event.*`],
      discard: 'new',
      max_msgs: limits.maxMessages,
      max_bytes: limits.maxBytes,
      max_msgs_per_subject: -1,
    },
    {
      ...common,
      name: layout.state,
      description: 'What was begun and done of each event; which replica handles what.',
      subjects: [`${name}.state.>`],
      discard: 'new',
      max_msgs: -1,
      max_bytes: -1,
      max_msgs_per_subject: 1,
    },
    {
      ...common,
      name: layout.seen,
      description: 'Keys of events that were accepted, to know duplicates.',
      subjects: [`${name}.seen.*`],
      discard: 'old',
      max_msgs: limits.maxSeen,
      max_bytes: -1,
      max_age: limits.seenRetention * NANOSECONDS,
      max_msgs_per_subject: 1,
    },
    {
      ...common,
      name: layout.dead,
      description: 'Events that were set aside, with their reason.',
      subjects: [`${name}.dead.*.*`],
      discard: 'old',
      max_msgs: limits.maxDead,
      max_bytes: limits.maxDeadBytes,
      max_age: limits.deadRetention * NANOSECONDS,
      max_msgs_per_subject: 1,
    },
  ] as Wanted[];
}

/**
 * Creates the streams that are not there; those that are must fit, since messages may be in them.
 * @throws TalonError `queue_failed` that lists what differs and how to mend it
 */
export async function prepareStreams(manager: JetStreamManager, layout: Layout, limits: StreamLimits): Promise<void> {
  const problems: string[] = [];
  for (const wanted of wantedStreams(layout, limits)) {
    const found = await configOf(manager, wanted.name);
    if (found) problems.push(...differences(found, wanted));
    else await create(manager, wanted);
  }
  if (problems.length > 0) {
    const message = `Streams in NATS are not as they are configured:\n${problems.map((line) => `- ${line}`).join('\n')}`;
    throw new TalonError('queue_failed', message);
  }
}

async function configOf(manager: JetStreamManager, name: string): Promise<StreamConfig | undefined> {
  try {
    return (await manager.streams.info(name)).config;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return undefined;
    throw failure(error, `look at the stream ${name}`);
  }
}

async function create(manager: JetStreamManager, wanted: Wanted): Promise<void> {
  try {
    await manager.streams.add(wanted);
  } catch (error) {
    // Another replica was faster: what it made is looked at.
    const made = await configOf(manager, wanted.name).catch(() => undefined);
    if (made && differences(made, wanted).length === 0) return;
    throw new TalonError('queue_failed', `The stream ${wanted.name} cannot be created in NATS: ${errorText(error)}.`, {
      cause: error,
    });
  }
}

function differences(found: StreamConfig, wanted: Wanted): string[] {
  const problems: string[] = [];
  if (JSON.stringify(found.subjects) !== JSON.stringify(wanted.subjects)) {
    problems.push(
      `${wanted.name}: its subjects are ${JSON.stringify(found.subjects)}, not ${JSON.stringify(wanted.subjects)}; another program made it: set queue.nats.name to a name that is free`,
    );
  }
  for (const flag of ['deny_delete', 'sealed', 'no_ack'] as const) {
    if (found[flag])
      problems.push(
        `${wanted.name}: ${flag} is set; delete the stream when it is empty: nats stream rm ${wanted.name}`,
      );
  }
  for (const key of [...EXACT, ...LIMITS]) {
    if (same(key, found[key], wanted[key])) continue;
    const shown = (value: unknown) => (key === 'max_age' ? `${Number(value) / NANOSECONDS / 1000}s` : String(value));
    const mend =
      key === 'storage' || key === 'retention'
        ? `it cannot be changed: delete the stream when it is empty (nats stream rm ${wanted.name})`
        : `nats stream edit ${wanted.name} ${FLAGS[key]}=${shown(wanted[key])}, or change the configuration`;
    problems.push(`${wanted.name}: ${key} is ${shown(found[key])}, not ${shown(wanted[key])}; ${mend}`);
  }
  return problems;
}

/** Zero and minus one both mean that there is no limit. */
function same(key: string, found: unknown, wanted: unknown): boolean {
  const unlimited = (value: unknown) => (value === 0 || value === undefined ? -1 : value);
  return key === 'num_replicas' || typeof wanted === 'string'
    ? found === wanted
    : unlimited(found) === unlimited(wanted);
}
