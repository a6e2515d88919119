import { stopSignals, type StopSignals } from '../lifecycle/signals.ts';
import { printProblems, type CommandInput, type CommandSpec, type ExitCode } from './command.ts';
import { checkRules, prepare } from './prepare.ts';

async function server(input: CommandInput): Promise<ExitCode> {
  const { program } = input;
  // From the first moment: as the first process of a container it would otherwise not be reached by a signal at all.
  const signals = stopSignals(program.signals, () => performance.now());
  try {
    return await prepareAndServe(input, signals);
  } finally {
    signals.release();
  }
}

async function prepareAndServe(input: CommandInput, signals: StopSignals): Promise<ExitCode> {
  const { program } = input;
  // A plugin may hang while it loads; nothing has begun that would have to be ended.
  const prepared = await Promise.race([prepare(input), signals.requested.then(() => 'stopped' as const)]);
  if (prepared === 'stopped') return 0;
  if (prepared.config === undefined || prepared.problems.length > 0) {
    // The rules are checked in the same run, so that nobody has to repair one mistake after the other.
    const rules = await checkRules(prepared);
    printProblems(program, [...prepared.problems, ...rules.errors]);
    return 1;
  }
  // Loaded here, so that the other commands need not wait for what only the server uses.
  const { serve } = await import('../lifecycle/serve.ts');
  return serve({ program, config: prepared.config, plugins: prepared.loaded.plugins, signals });
}

export const serverCommand: CommandSpec = {
  path: ['server'],
  description: 'receive alerts and run the rules',
  options: [{ flags: '--dry-run', description: 'change nothing: every rule is a dry run (mode observe)' }],
  examples: [
    { line: 'falco-talon server -c config.yaml --dry-run', meaning: 'watch what the rules would do' },
    { line: 'falco-talon server -c config.yaml -r rules.yaml', meaning: "these rules in place of the config's" },
  ],
  flushes: true,
  run: server,
};
