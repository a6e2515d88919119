import { resolve } from 'node:path';
import { defineQueue, strictObject, Type } from '@falco-talon/core';
import { openSqliteQueue } from './sqlite-queue.ts';

const MEGABYTE = 1024 * 1024;
const HOUR = 3_600_000;

export const sqlite = defineQueue({
  name: 'sqlite',
  description: 'Events are on disk before they are acknowledged and survive a crash. For one process.',
  durable: true,
  settings: strictObject({
    path: Type.String({
      default: 'queue.sqlite',
      minLength: 1,
      description: 'File of the queue; a relative path starts at the data directory. Not on a network file system.',
    }),
    max_messages: Type.Integer({
      default: 100_000,
      minimum: 1,
      maximum: 10_000_000,
      description: 'Events not finished yet that the queue holds at most; more are refused.',
    }),
    max_megabytes: Type.Integer({
      default: 2048,
      minimum: 1,
      description: 'Size the file may have. New events are refused from 90 % on.',
    }),
    max_dead: Type.Integer({
      default: 10_000,
      minimum: 0,
      maximum: 1_000_000,
      description: 'Events set aside that are kept; the oldest are deleted first.',
    }),
    max_dead_megabytes: Type.Integer({
      default: 256,
      minimum: 1,
      description: 'Size of the events set aside, at most a quarter of max_megabytes; the oldest are deleted first.',
    }),
    dead_retention_hours: Type.Integer({
      default: 168,
      minimum: 0,
      description: 'How long an event that was set aside is kept.',
    }),
  }),
  open({ settings, directory, logger, now }) {
    return openSqliteQueue({
      path: resolve(directory, settings.path),
      maxMessages: settings.max_messages,
      maxBytes: settings.max_megabytes * MEGABYTE,
      maxDead: settings.max_dead,
      maxDeadBytes: Math.min(settings.max_dead_megabytes, settings.max_megabytes / 4) * MEGABYTE,
      deadRetention: settings.dead_retention_hours * HOUR,
      now,
      logger,
    });
  },
});
