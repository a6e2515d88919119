import { EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Plugin } from '@falco-talon/core';
import { collector, run, RULES } from '../cli/testing-program.ts';

export const CONFIG =
  'listen_address: 127.0.0.1\nlisten_port: 0\nlog_format: json\ndata_directory: data\nrules_files: [rules.yaml]\nqueue: {type: memory}\n';
export type Line = Readonly<Record<string, unknown>>;

/** The whole program inside this process: real config, plugins, engine and sockets. */
export function served(argv: readonly string[], files: Readonly<Record<string, string>> = {}, plugin?: Plugin) {
  const signals = new EventEmitter();
  const stdout = collector();
  const ran = run(
    ['server', ...argv],
    { 'config.yaml': CONFIG, 'rules.yaml': RULES, ...files },
    { signals, stdout: stdout.stream },
    plugin,
  );
  const lines = () =>
    stdout
      .text()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line);
  async function line(fields: Line): Promise<Line> {
    for (let end: Awaited<typeof ran> | undefined; ;) {
      const found = lines().find((candidate) =>
        Object.entries(fields).every(([key, value]) => candidate[key] === value),
      );
      if (found) return found;
      if (end) throw new Error(`it ended first: ${end.stderr}`);
      end = (await Promise.race([ran, delay(5)])) as typeof end;
    }
  }
  return { signals, ran, line, lines };
}
