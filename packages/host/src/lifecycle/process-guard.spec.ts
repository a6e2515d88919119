import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { silentLogger, type Fields } from '@falco-talon/core';
import { guardProcess, type GuardedProcess } from './process-guard.ts';

it('keeps a plugin from ending the process, and gives its ways back', () => {
  const calls: unknown[] = [];
  const target = Object.assign(new EventEmitter(), {
    exit: (code?: unknown): never => calls.push(code) as never,
    abort: (): never => calls.push('abort') as never,
  });
  const { exit, abort } = target;
  const logged: (Fields | undefined)[] = [];
  let counted = 0;
  const logger = { ...silentLogger, error: (_: string, fields?: Fields) => void logged.push(fields) };
  const guard = guardProcess(target as unknown as GuardedProcess, logger, () => counted++);

  expect(() => target.exit(3)).toThrow(/a plugin called process.exit/);
  expect(() => target.abort()).toThrow(/a plugin called process.abort/);
  expect(calls).toEqual([]);
  target.emit('uncaughtException', new Error('lost'), 'unhandledRejection');
  target.emit('uncaughtException', undefined, 'uncaughtException');
  expect(counted).toBe(2);
  expect(logged[0]).toMatchObject({
    origin: 'unhandledRejection',
    stack: expect.arrayContaining([expect.stringMatching(/^at /)]),
  });

  guard.release();
  expect([target.exit, target.abort]).toEqual([exit, abort]);
  expect(target.listenerCount('uncaughtException')).toBe(0);
});
