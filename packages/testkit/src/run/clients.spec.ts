import { defineClient, emptyObject } from '@falco-talon/core';
import { expect, it } from 'vitest';
import { openClients } from './clients.ts';
import { testScope } from './scope.ts';

const calls: string[] = [];
const client = (id: string, more: { fails?: boolean } = {}) =>
  defineClient({
    id,
    section: '',
    settings: emptyObject,
    async create({ signal, logger }) {
      if (more.fails) throw new Error(`${id} is down`);
      logger.info('created', { id });
      signal.addEventListener('abort', () => calls.push(`end ${id}`));
      calls.push(`create ${id}`);
      return id;
    },
    reads: (made) => {
      calls.push(`view ${made}`);
      return { of: made };
    },
    close: async (made) => void calls.push(`close ${made}`),
  });

it('closes in reverse order, then ends the clients’ own scope', async () => {
  calls.length = 0;
  const open = await openClients({ a: client('a'), b: client('b') });
  expect(open.clients).toEqual({ a: 'a', b: 'b' });
  expect(open.lines.map(({ fields }) => fields['id'])).toEqual(['a', 'b']);
  await open.close();
  await open.close();
  expect(calls).toEqual(['create a', 'create b', 'close b', 'close a', 'end a', 'end b']);
});

it('closes what was created when a later client fails', async () => {
  calls.length = 0;
  await expect(openClients({ a: client('a'), b: client('b', { fails: true }) })).rejects.toThrow('b is down');
  expect(calls).toEqual(['create a', 'close a', 'end a']);
});

it('makes a view once per event, and only when somebody looks', async () => {
  calls.length = 0;
  const open = await openClients({ a: client('a') });
  const reads = open.reads(testScope());
  expect(calls).toEqual(['create a']);
  expect(reads.a).toBe(reads.a);
  expect(open.reads(testScope()).a).not.toBe(reads.a);
  expect(calls).toEqual(['create a', 'view a', 'view a']);
  await open.close();
});
