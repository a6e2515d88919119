import { once } from 'node:events';
import { createTenure, defineClient, emptyObject, TalonError } from '@falco-talon/core';
import { falcoEvent } from '@falco-talon/testkit';
import { describe, expect, it } from 'vitest';
import { specStep } from './testing-step.ts';

const event = falcoEvent();

describe('the clients of an action', () => {
  const changing = (acted: string[]) => {
    const client = defineClient<{ change(what: string): void }, object, typeof emptyObject>({
      id: 'spec',
      section: '',
      settings: emptyObject,
      create: async () => ({ change: (what) => void acted.push(what) }),
      fenced: (value, mayAct) => ({
        change(what) {
          mayAct(what === 'clean up' ? 'ends' : undefined);
          value.change(what);
        },
      }),
    });
    return { client };
  };

  it('change nothing for an attempt that was left behind at its time limit, but end what it began', async () => {
    const acted: string[] = [];
    const { client } = changing(acted);
    const late = Promise.withResolvers<unknown>();
    const { outcome } = specStep({
      event,
      actionner: {
        uses: { client },
        timeLimit: () => 20,
        async run({ clients, signal }) {
          const spec = clients['client'] as { change(what: string): void };
          spec.change('in time');
          await once(signal, 'abort');
          spec.change('clean up');
          try {
            spec.change('late');
          } catch (error) {
            late.resolve(error);
          }
          return { status: 'success', message: 'done' };
        },
      },
      deps: { attempts: 1 },
    });
    expect(await late.promise).toMatchObject({ code: 'timeout' });
    expect((await outcome).status).toBe('failure');
    expect(acted).toEqual(['in time', 'clean up']);
  });

  it('change nothing when another replica may lead, and the step is not ended: another one goes on with it', async () => {
    const acted: string[] = [];
    let leads = true;
    const { tenure } = createTenure(() => leads);
    const { client } = changing(acted);
    const { outcome } = specStep({
      event,
      actionner: {
        uses: { client },
        async run({ clients }) {
          const spec = clients['client'] as { change(what: string): void };
          spec.change('leading');
          leads = false;
          try {
            spec.change('clean up');
          } catch {
            throw new TalonError('rejected', 'what the plugin makes of it');
          }
          return { status: 'success', message: 'done' };
        },
      },
      deps: { tenure },
    });
    await expect(outcome).rejects.toMatchObject({ code: 'not_leading' });
    expect(acted).toEqual(['leading']);
  });
});
