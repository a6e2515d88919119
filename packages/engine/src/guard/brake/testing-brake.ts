import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Effect, type Logger, type OutcomeRecord, type Target } from '@falco-talon/core';
import { falcoEvent, testScope } from '@falco-talon/testkit';
import { onTestFinished } from 'vitest';
import { openBrake, type Brake, type BrakeDeps, type Charge } from './brake.ts';
import type { Budget } from './budget.ts';

export const MINUTE = 60_000;
export const BUDGET: Budget = { per: 'workload', limit: 2, window: 5 * MINUTE, coolDown: 10 * MINUTE, actionners: [] };

export async function specDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'falco-talon-brake-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export interface SpecBrake {
  readonly brake: Brake;
  /** Counted: `engaged workload`. */
  readonly counts: string[];
  readonly told: OutcomeRecord[];
  readonly lines: string[];
  /** Moves the clocks on. */
  readonly wait: (milliseconds: number) => void;
}

export interface SpecBrakeOptions {
  readonly directory: string;
  readonly budgets?: readonly Budget[];
  /** Where the machine's clock stands, and which start of the machine it counts from. */
  readonly machine?: { now: number; boot: string | undefined };
  /** Time of day. */
  readonly wall?: { now: number };
  readonly tell?: BrakeDeps['tell'];
}

/** A brake on a real directory and clocks of the spec's own. */
export async function specBrake(options: SpecBrakeOptions): Promise<SpecBrake> {
  const machine = options.machine ?? { now: 1_000_000, boot: 'one' };
  const wall = options.wall ?? { now: Date.UTC(2026, 0, 1) };
  const counts: string[] = [];
  const told: OutcomeRecord[] = [];
  const lines: string[] = [];
  const line = (message: string, fields?: object) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const logger: Logger = { debug: line, info: line, warn: line, error: line };
  const brake = await openBrake({
    budgets: options.budgets ?? [BUDGET],
    directory: options.directory,
    clock: { now: () => machine.now, boot: machine.boot },
    scope: { ...testScope(), logger, now: () => wall.now },
    observer: { brake: ({ per, what }) => void counts.push(`${what} ${per}`) },
    tell: options.tell ?? (async (record) => void told.push(record)),
  });
  onTestFinished(() => brake.close());
  const wait = (milliseconds: number) => {
    machine.now += milliseconds;
    wall.now += milliseconds;
  };
  return { brake, counts, told, lines, wait };
}

/** Of an action that ends what runs. */
export const END: Effect = { idempotent: false, destructive: true, readOnly: false };

let steps = 0;

/** A step of its own, about a pod of a deployment. */
export function charge(workload = 'cart', more: Partial<Charge> & { readonly rule?: string } = {}): Charge {
  const { rule = 'Shell', ...rest } = more;
  const target: Target = { kind: 'pod', namespace: 'shop', name: `${workload}-1` };
  return {
    event: falcoEvent(),
    step: { id: `event/${rule}/action/${steps++}`, rule, action: 'action', actionner: 'spec:end' },
    target,
    subject: { workload: { kind: 'deployment', namespace: 'shop', name: workload }, node: 'node-1' },
    effect: END,
    notifiers: ['slack'],
    ...rest,
  };
}
