import { describe, expect, it } from 'vitest';
import type { IngestAnswer } from '../lifecycle/engine.ts';
import { lateIntake } from './late-intake.ts';

describe('the intake of a queue', () => {
  it('takes nothing before the engine does, then tells what became of each alert', async () => {
    const { intake, open } = lateIntake();
    const body = new Uint8Array(0);
    expect(await intake(body, {})).toEqual({ kind: 'later', reason: 'Falco Talon is starting' });
    const refused = { kind: 'refused', code: 'c', detail: 'why' } as const;
    const answers: IngestAnswer[] = [
      { kind: 'accepted', id: 'i', traceId: 't', duplicate: true },
      { ...refused, status: 400 },
      { ...refused, status: 503 },
    ];
    open(async () => answers.shift()!);
    expect([await intake(body, {}), await intake(body, {}), await intake(body, {})]).toEqual([
      { kind: 'accepted' },
      { kind: 'malformed', reason: 'why' },
      { kind: 'later', reason: 'why' },
    ]);
  });
});
