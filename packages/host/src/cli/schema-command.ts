import { rulesSchema, testsSchema, type EditorSchema, type Registry, jsonText } from '@falco-talon/engine';
import { configSchema } from '../config/config-schema.ts';
import { print, printProblems, type CommandSpec } from './command.ts';
import { prepare } from './prepare.ts';

const SCHEMAS: Readonly<Record<string, (registry: Registry) => EditorSchema>> = {
  rules: rulesSchema,
  config: configSchema,
  tests: testsSchema,
};

const FILES: Readonly<Record<string, string>> = {
  rules: 'rules files',
  config: 'the configuration',
  tests: 'test files',
};

export const schemaCommands: readonly CommandSpec[] = Object.entries(SCHEMAS).map(([kind, schemaOf]) => ({
  path: ['schema', kind],
  description: `print the JSON Schema of ${FILES[kind]}, with every loaded plugin, for editors`,
  options: [],
  examples: [
    { line: `falco-talon schema ${kind} -c config.yaml`, meaning: 'also with the plugins this configuration loads' },
  ],
  async run(input) {
    const { loaded, problems } = await prepare(input);
    printProblems(input.program, problems);
    if (problems.length > 0) return 1;
    print(input.program.stdout, schemaText(schemaOf(loaded.registry)));
    return 0;
  },
}));

/** The schemas for these plugins as texts, by the name of the file each is published as. */
export function publishedSchemas(registry: Registry): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(SCHEMAS).map(([kind, schemaOf]) => [`${kind}.schema.json`, schemaText(schemaOf(registry))]),
  );
}

function schemaText(schema: EditorSchema): string {
  return `${jsonText(schema)}\n`;
}
