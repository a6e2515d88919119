import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, type Environment, type Logger, type OutcomeRecord, type Plugin } from '@falco-talon/core';
import type { Engine, EngineLimits, EngineSettings, IngestAnswer, Observer, Section } from '@falco-talon/engine';
import { createConditions } from '../run/conditions.ts';

export interface TestEngineOptions {
  readonly plugins: readonly Plugin[];
  /** Text of the rules file. */
  readonly rules: string;
  readonly settings?: Partial<Omit<EngineSettings, 'sections' | 'limits' | 'dataDirectory'>>;
  readonly limits?: Partial<EngineLimits>;
  /** Settings by client id, and by name of notifier, queue and guard. */
  readonly clients?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly notifiers?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly queues?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly guards?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** In place of what is made of the settings above: sections with something missing. */
  readonly sections?: Partial<EngineSettings['sections']>;
  readonly logger?: Logger;
  readonly environment?: Environment;
  /** Where the queue and the spool are; a temporary one that is removed by `close` when absent. */
  readonly dataDirectory?: string;
}

type CountedEvent = Parameters<Observer['event']>[0];
type CountedVerdict = Parameters<Observer['guardVerdict']>[0];
type CountedNotification = Parameters<Observer['notification']>[0];
type CountedBrake = Parameters<Observer['brake']>[0];

/** A running engine without a host, for specs. */
export interface TestEngine {
  readonly engine: Engine;
  readonly rulesFile: string;
  readonly dataDirectory: string;
  readonly records: readonly OutcomeRecord[];
  readonly events: readonly CountedEvent[];
  readonly matches: readonly { readonly rule: string }[];
  readonly notifications: readonly CountedNotification[];
  readonly verdicts: readonly CountedVerdict[];
  readonly reloads: readonly ('success' | 'failure')[];
  readonly brakes: readonly CountedBrake[];
  post(alert: unknown, headers?: Readonly<Record<string, string>>): Promise<IngestAnswer>;
  /** Resolves when the engine has counted something that makes the condition true. */
  until(condition: () => boolean): Promise<void>;
  /** Resolves with the first `count` records. */
  outcomes(count: number): Promise<readonly OutcomeRecord[]>;
  close(grace?: number): Promise<void>;
}

export async function startTestEngine(options: TestEngineOptions): Promise<TestEngine> {
  // Loaded when asked for: the specs of most plugins need no engine.
  const { DEFAULT_LIMITS, startEngine } = await import('@falco-talon/engine');
  const directory = await mkdtemp(join(tmpdir(), 'falco-talon-test-'));
  const rulesFile = join(directory, 'rules.yaml');
  await writeFile(rulesFile, options.rules);
  const dataDirectory = options.dataDirectory ?? directory;
  const records: OutcomeRecord[] = [];
  const events: CountedEvent[] = [];
  const matches: { readonly rule: string }[] = [];
  const notifications: CountedNotification[] = [];
  const verdicts: CountedVerdict[] = [];
  const reloads: ('success' | 'failure')[] = [];
  const brakes: CountedBrake[] = [];
  const { check, until } = createConditions();

  function note<T>(list: T[]): (item: T) => void {
    return (item) => {
      list.push(item);
      check();
    };
  }

  const engine = await startEngine({
    plugins: options.plugins,
    logger: options.logger ?? silentLogger,
    environment: options.environment ?? { variables: {}, homeDirectory: directory },
    observer: {
      event: note(events),
      outcome: note(records),
      notification: note(notifications),
      guardVerdict: note(verdicts),
      reload: note(reloads),
      match: note(matches),
      latency: () => {},
      brake: note(brakes),
    },
    settings: {
      rulesFiles: [rulesFile],
      watchRules: false,
      printAllEvents: false,
      defaultNotifiers: [],
      mode: 'enforce',
      deduplicationWindow: 0,
      budgets: [],
      queueType: 'memory',
      ...options.settings,
      dataDirectory,
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      sections: {
        clients: sections(options.clients),
        notifiers: sections(options.notifiers),
        queues: sections({ memory: { max_messages: 10_000 }, ...options.queues }),
        guards: sections(options.guards),
        ...options.sections,
      },
    },
  });

  return {
    engine,
    rulesFile,
    dataDirectory,
    records,
    events,
    matches,
    notifications,
    verdicts,
    reloads,
    brakes,
    until,
    post: (alert, headers = {}) =>
      engine.ingest(typeof alert === 'string' ? Buffer.from(alert) : Buffer.from(JSON.stringify(alert)), headers),
    async outcomes(count) {
      await until(() => records.length >= count);
      return records.slice(0, count);
    },
    async close(grace = 10_000) {
      await engine.stop(grace);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function sections(
  values: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
): ReadonlyMap<string, Section> {
  return new Map(Object.entries(values).map(([name, value]) => [name, { value, missing: [] }]));
}
