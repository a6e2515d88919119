import type { CommandSpec } from './command.ts';
import { completionCommand } from './completion-command.ts';
import { configCommand } from './config-command.ts';
import { coverageCommand } from './coverage-command.ts';
import { deadLetterCommands } from './dead-letter/dead-letter-commands.ts';
import { explainCommand } from './explain/explain-command.ts';
import { listCommands } from './list-commands.ts';
import { migrateCommand } from './migrate-command.ts';
import { rulesCommands } from './rules-commands.ts';
import { schemaCommands } from './schema-command.ts';
import { rulesTestCommand } from './rules-test/rules-test-command.ts';
import { serverCommand } from './server-command.ts';
import { testAlertCommand } from './test-alert-command.ts';
import { versionCommand } from './version-command.ts';

/** Every command; the program, its help, its completion and the reference page are made from this list. */
export const commands: readonly CommandSpec[] = [
  serverCommand,
  ...rulesCommands,
  rulesTestCommand,
  migrateCommand,
  coverageCommand,
  explainCommand,
  testAlertCommand,
  ...deadLetterCommands,
  configCommand,
  ...schemaCommands,
  ...listCommands,
  versionCommand,
  completionCommand,
];
