import {
  checkCoverage,
  coverageText,
  formatProblems,
  readFalcoRules,
  readFalcoSettings,
  readRuleFiles,
  SHIPPED_SETTINGS,
  type Coverage,
  type FalcoSettings,
  type ReadRuleFiles,
  jsonText,
  yamlText,
} from '@falco-talon/engine';
import { print, printProblems, type CommandInput, type CommandSpec, type ExitCode } from './command.ts';
import { preparedRules } from './rules-commands.ts';

const FAIL_ON = ['error', 'warning', 'unanswered', 'never'] as const;
type FailOn = (typeof FAIL_ON)[number];

/** How the rules fit those of Falco. Nothing is run, and neither Falco nor a cluster is needed. */
async function coverage(input: CommandInput): Promise<ExitCode> {
  const { program, options } = input;
  const config = options['falcoConfig'] as string | undefined;
  const prepared = await preparedRules(input);
  const falco = await readRuleFiles(
    options['falcoRules'] as readonly string[],
    '--falco-rules',
    program.workingDirectory,
  );
  const settings = await falcoSettings(config, program.workingDirectory);
  const { rules, problems: wrong } = readFalcoRules(falco.files);
  const problems = [...falco.problems, ...wrong, ...settings.problems];
  if (problems.length > 0) printProblems(program, [formatProblems(problems, [...falco.files, ...settings.files])]);
  if (prepared?.config === undefined || problems.some(({ severity }) => severity === 'error')) return 1;

  const { ruleSet, files } = prepared.rules;
  const extra = (options['extraField'] ?? []) as readonly string[];
  const result = checkCoverage({
    ruleSet,
    files,
    registry: prepared.loaded.registry,
    falcoRules: rules,
    observe: prepared.config.host.mode === 'observe',
    settings: { ...settings.settings, added: [...settings.settings.added, { tags: [], fields: extra }] },
  });
  const format = options['output'];
  if (format === 'json') print(program.stdout, jsonText(result));
  else if (format === 'yaml') print(program.stdout, yamlText(result));
  else print(program.stdout, coverageText(result, files, config));
  return fails(result.summary, options['failOn'] as FailOn) ? 1 : 0;
}

async function falcoSettings(
  config: string | undefined,
  workingDirectory: string,
): Promise<ReadRuleFiles & { readonly settings: FalcoSettings }> {
  if (config === undefined) return { settings: SHIPPED_SETTINGS, files: [], problems: [] };
  const { files, problems } = await readRuleFiles([config], '--falco-config', workingDirectory);
  const [file] = files;
  if (!file) return { settings: SHIPPED_SETTINGS, files, problems };
  const read = readFalcoSettings(file);
  return { settings: read.settings, files, problems: [...problems, ...read.problems] };
}

/** Each word but `never` takes in the ones before it. */
function fails({ errors, warnings, unanswered }: Coverage['summary'], on: FailOn): boolean {
  const counts = { error: errors, warning: errors + warnings, unanswered: errors + warnings + unanswered, never: 0 };
  return counts[on] > 0;
}

export const coverageCommand: CommandSpec = {
  path: ['rules', 'coverage'],
  description: "how the rules fit Falco's own: what never works, and what nothing answers",
  options: [
    {
      flags: '--falco-rules <file>',
      description: "Falco's rules file or directory; repeatable, in the order of Falco's own rules_files",
      repeatable: true,
      required: true,
      file: true,
    },
    {
      flags: '--falco-config <file>',
      description: "Falco's falco.yaml: which rules it switches and which fields it adds (default: as it ships)",
      file: true,
    },
    {
      flags: '--extra-field <field>',
      description: 'a field that something else adds to every alert, Falcosidekick for example; repeatable',
      repeatable: true,
    },
    { flags: '-o, --output <format>', description: 'format', choices: ['text', 'json', 'yaml'], default: 'text' },
    {
      flags: '--fail-on <what>',
      description: 'end with code 1 for errors, for warnings too, for unanswered rules of Falco too, or never',
      choices: FAIL_ON,
      default: 'error',
    },
  ],
  examples: [
    {
      line: 'falco-talon rules coverage -r rules.yaml --falco-rules falco_rules.yaml',
      meaning: 'what never works, and which of its rules nothing answers',
    },
    {
      line: 'falco-talon rules coverage -r rules.yaml --falco-rules falco_rules.yaml --falco-config falco.yaml --fail-on never -o json',
      meaning: 'with the rules and fields a Falco of your own has, as data',
    },
  ],
  run: coverage,
};
