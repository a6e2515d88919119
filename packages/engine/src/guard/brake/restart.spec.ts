import { hash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TalonError } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { BRAKE_FILE } from './brake-file.ts';
import { BUDGET, charge, MINUTE, specBrake, specDirectory } from './testing-brake.ts';

const HOUR = 60 * MINUTE;

/** A brake of the process before, with its budget used up; `engaged`: and one more. */
async function before(engaged: boolean, directory: string, machine: { now: number; boot: string | undefined }) {
  const { brake } = await specBrake({ directory, machine });
  for (let n = 0; n < (engaged ? 3 : 2); n++) brake.charge(charge());
  await brake.close();
}

describe('a restart', () => {
  it('does not give a new budget', async () => {
    const directory = await specDirectory();
    const machine = { now: 1_000_000, boot: 'one' };
    await before(false, directory, machine);
    machine.now += MINUTE;
    const { brake } = await specBrake({ directory, machine });
    expect(brake.charge(charge())).toContain('storm brake');
  });

  it('repeats what was counted without counting it again', async () => {
    const directory = await specDirectory();
    const machine = { now: 1_000_000, boot: 'one' };
    const step = charge();
    const first = await specBrake({ directory, machine });
    first.brake.charge(step);
    await first.brake.close();
    const { brake } = await specBrake({ directory, machine });
    expect(brake.charge(step)).toBeUndefined();
    expect(brake.charge(charge())).toBeUndefined();
    expect(brake.charge(charge())).toContain('storm brake');
  });

  it.each([
    ['the time it took counts', 'one', 9 * MINUTE, 2 * MINUTE],
    ['of the machine, the time it took counts not, since nobody knows it', 'two', 9 * HOUR, 11 * MINUTE],
    ['where the machine says nothing, neither', undefined, 9 * HOUR, 11 * MINUTE],
  ])('while the brake is engaged: %s', async (_, boot, away, left) => {
    const directory = await specDirectory();
    await before(true, directory, { now: 1_000_000, boot: boot === undefined ? undefined : 'one' });
    const machine = { now: boot === 'one' ? 1_000_000 + away : 5, boot };
    const { brake, wait, counts, told } = await specBrake({ directory, machine });
    expect(brake.charge(charge())).toContain('storm brake');
    expect(counts).toEqual(['restored workload', 'observed workload']);
    expect(told).toEqual([]);
    wait(left);
    expect(brake.charge(charge())).toBeUndefined();
    expect(told.map(({ result }) => result)).toEqual([
      'storm brake released for deployment shop/cart: 2 actions were only observed',
    ]);
  });

  it.each([-24 * HOUR, -HOUR, HOUR, 365 * 24 * HOUR])(
    'a time of day that jumps by %i ms changes nothing',
    async (jump) => {
      const directory = await specDirectory();
      const wall = { now: Date.UTC(2026, 0, 1) };
      const machine = { now: 1_000_000, boot: 'one' };
      const running = await specBrake({ directory, machine, wall });
      for (let n = 0; n < 3; n++) running.brake.charge(charge());
      wall.now += jump;
      expect(running.brake.charge(charge())).toContain('storm brake');
      await running.brake.close();
      const { brake, wait } = await specBrake({ directory, machine, wall });
      expect(brake.charge(charge())).toContain('storm brake');
      wait(10 * MINUTE);
      expect(brake.charge(charge())).toBeUndefined();
    },
  );

  it('tells of a brake of which nobody could be told before the process stopped', async () => {
    const directory = await specDirectory();
    const stopping = await specBrake({ directory, tell: () => Promise.reject(new TalonError('aborted', 'stopping')) });
    for (let n = 0; n < 3; n++) stopping.brake.charge(charge());
    await stopping.brake.close();
    const { told } = await specBrake({ directory });
    expect(told.map(({ status }) => status)).toEqual(['failure']);
  });

  it('a changed budget begins anew', async () => {
    const directory = await specDirectory();
    const machine = { now: 1_000_000, boot: 'one' };
    await before(true, directory, machine);
    const { brake } = await specBrake({ directory, machine, budgets: [{ ...BUDGET, limit: 3 }] });
    expect(brake.charge(charge())).toBeUndefined();
  });

  it.each<[string, (text: string) => string]>([
    ['is cut', (text) => text.slice(0, -10)],
    ['is empty', () => ''],
    ['has a digit changed', (text) => text.replace('"age":', '"age":1')],
    ['is something else', () => '{"__proto__":{"polluted":true}}'],
    ['is of another version', () => sealed('{"version":2,"boot":"one","at":1,"budgets":[]}')],
    ['has wrong types', () => sealed('{"version":1,"boot":"one","at":1,"budgets":[{"identity":1}]}')],
  ])('a file that %s is put aside and told of; counting begins anew', async (_, damage) => {
    const directory = await specDirectory();
    const machine = { now: 1_000_000, boot: 'one' };
    await before(true, directory, machine);
    const path = join(directory, BRAKE_FILE);
    const text = damage(await readFile(path, 'utf8'));
    await writeFile(path, text);
    const { brake, lines } = await specBrake({ directory, machine });
    expect(lines).toEqual([expect.stringMatching(/^storm brake file not usable: counting begins anew/)]);
    expect(await readFile(`${path}.damaged`, 'utf8')).toBe(text);
    expect(brake.charge(charge())).toBeUndefined();
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

function sealed(json: string): string {
  return `${hash('sha256', json)}\n${json}`;
}
