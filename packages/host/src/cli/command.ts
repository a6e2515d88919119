import type { Readable, Writable } from 'node:stream';
import type { Variables } from '../config/environment.ts';
import type { SignalSource } from '../lifecycle/signals.ts';
import { painter, paintProblems } from './colour.ts';
import type { PluginModule } from '../plugins/load-plugins.ts';

/** Where a program writes to; a terminal says so, and how wide it is. */
export type OutputStream = Writable & {
  readonly fd?: number;
  readonly isTTY?: boolean;
  readonly columns?: number;
};

/** What a command may know of its surroundings; nothing reads `process` itself. */
export interface ProgramContext {
  /** `falco-talon`, or the name of a custom build. */
  readonly name: string;
  readonly version: string;
  /** The distribution's plugins; called by commands that need them only. */
  readonly plugins: () => Promise<readonly PluginModule[]>;
  /** Of the program: the last place where plugins named in the config are looked for. */
  readonly directory: string;
  readonly environment: Variables;
  readonly homeDirectory: string;
  readonly workingDirectory: string;
  /** Asked by the commands that read it only. */
  readonly stdin: () => Readable;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly signals: SignalSource;
  /** Undefined: the program runs inside another one, whose process is not touched. */
  readonly process: NodeJS.Process | undefined;
}

/** Names the shell completes: of parts that are loaded, of rules of the rules files, of Falco rules these react to. */
export type NameKind = 'actionner' | 'output' | 'notifier' | 'context' | 'rule' | 'falco rule';

export interface OptionSpec {
  /** As commander reads it: `-o, --output <format>`. */
  readonly flags: string;
  readonly description: string;
  readonly choices?: readonly string[];
  readonly default?: string;
  readonly repeatable?: boolean;
  readonly required?: boolean;
  /** The value is a file: the shell completes it. */
  readonly file?: boolean;
  /** The value is one of these names: the shell completes it. */
  readonly names?: NameKind;
}

export interface ArgumentSpec {
  readonly name: string;
  readonly description: string;
  /** Absent: any text. */
  readonly choices?: readonly string[];
  /** One or more of them. */
  readonly many?: boolean;
  /** None at all will do. */
  readonly optional?: boolean;
  /** It is a file: the shell completes it. */
  readonly file?: boolean;
  /** It is one of these names: the shell completes it. */
  readonly names?: NameKind;
}

/** A line to copy. Shown by help and on the reference page, and run by a test with files of the names it uses. */
export interface ExampleSpec {
  /** As typed into a shell, the program's name first: `falco-talon check -r rules.yaml`. A custom build shows its own name. */
  readonly line: string;
  /** What it is for, as a phrase: `every mistake of one file`. */
  readonly meaning: string;
}

/** The example of a custom build, whose binary has another name. */
export function ownName(line: string, name: string): string {
  return line.replaceAll(/\bfalco-talon\b(?!-)/g, name);
}

export interface CommandInput {
  readonly program: ProgramContext;
  /** The global and the command's own options under their camelCase names. */
  readonly options: Readonly<Record<string, unknown>>;
  /** As many as the command's argument allows; empty when it has none. */
  readonly words: readonly string[];
}

/** 0 fine, 1 the input is wrong, 2 wrong usage. */
export type ExitCode = 0 | 1 | 2;

export interface CommandSpec {
  /** `['rules', 'check']` */
  readonly path: readonly string[];
  /** A phrase, for lists of commands. */
  readonly description: string;
  /** Sentences that help about this command adds. */
  readonly details?: string;
  readonly options: readonly OptionSpec[];
  readonly argument?: ArgumentSpec;
  /** At least one; a test holds that. */
  readonly examples?: readonly ExampleSpec[];
  /** True: it has flushed what it wrote when it returns; whoever does not read that must not keep it from ending. */
  readonly flushes?: true;
  run(input: CommandInput): Promise<ExitCode>;
}

export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '-c, --config <file>',
    description: 'configuration (default: /etc/falco-talon/config.yaml, else ./config.yaml)',
    file: true,
  },
  {
    flags: '-r, --rules <file>',
    description: "rules file or directory; repeatable, replaces the config's list",
    repeatable: true,
    file: true,
  },
];

/** Groups of commands that have no action of their own. */
export const GROUPS: Readonly<Record<string, string>> = {
  rules: 'check, list, print, test, migrate and compare rules',
  'dead-letter': 'alerts that were set aside',
  config: 'print the configuration',
  schema: 'JSON Schemas, for editors',
  actionners: 'what actions can do',
  outputs: 'where artifacts can go',
  notifiers: 'who can be told',
  contexts: 'facts that can be added to an event',
  plugins: 'what is loaded, and what each plugin brings',
};

export function print(stream: Writable, text: string): void {
  stream.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** Errors and warnings, printable already, with colours where the error output is a terminal. */
export function printProblems(program: ProgramContext, texts: Iterable<string>): void {
  const paint = painter(program.stderr, program.environment);
  for (const text of texts) print(program.stderr, paintProblems(text, paint));
}
