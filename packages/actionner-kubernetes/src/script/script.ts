import { defineActionner, POD_FIELDS, podTarget, strictObject, Type, type Issue } from '@falco-talon/core';
import { kubernetes } from '@falco-talon/client-kubernetes';
import { containerChoice } from '../pod/container-choice.ts';
import { MOST_SCRIPT_BYTES, shellLines, textIssues } from '../remote/script-text.ts';
import {
  checkContainer,
  commandTimeLimit,
  EXEC_PERMISSIONS,
  previewPlace,
  runInShell,
  shellParameters,
} from '../remote/shell-action.ts';
import { scriptFile, shellDifferences } from '../remote/differences.ts';
import { examples } from './examples.ts';
import { readScript } from './read-script.ts';

interface Source {
  readonly script?: string;
  readonly file?: string;
}

export const script = defineActionner({
  name: 'script',
  description: "Runs a script in a container's shell, with the event's values as environment variables.",
  stability: 'stable',
  sources: ['syscall', 'k8s_audit'],
  continue: true,
  output: 'none',
  parameters: strictObject({
    script: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: MOST_SCRIPT_BYTES,
        description: 'The script. Either this or `file`.',
      }),
    ),
    file: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 4096,
        description:
          "A file with the script, on Falco Talon's own disk, read each time the action runs; at most 1 MiB. A relative path begins in the working directory of the process.",
      }),
    ),
    ...shellParameters,
  }),
  uses: { kubernetes },
  facts: containerChoice,
  requiredFields: POD_FIELDS,
  // What a script does, only its author knows: an unknown outcome is not repeated.
  idempotent: false,
  destructive: true,
  permissions: EXEC_PERMISSIONS,
  examples,
  differences: [
    ...shellDifferences('script', 'it is put into every container of the pod and runs in the last one'),
    scriptFile,
  ],

  validate: (parameters) => [
    ...sourceIssues(parameters),
    ...textIssues('script', parameters.script),
    ...(parameters.file?.includes('\0') ? [{ path: ['file'], message: 'holds NUL' }] : []),
  ],
  target: ({ event }) => podTarget(event),
  timeLimit: commandTimeLimit,

  async check(context) {
    await sourceBytes(context.parameters);
    return checkContainer(context);
  },

  async preview(context) {
    const { file, shell } = context.parameters;
    const what = file === undefined ? 'the script' : `the script of file ${JSON.stringify(file)}`;
    const { length } = await sourceBytes(context.parameters);
    return `would run ${what} (${length} bytes) with ${shell} in ${await previewPlace(context)}`;
  },

  run: async (context) => runInShell(context, await sourceBytes(context.parameters)),
});

function sourceIssues({ script: text, file }: Source): readonly Issue[] {
  if (text !== undefined && file !== undefined)
    return [{ path: ['file'], message: 'stands beside script: give only one' }];
  if (text === undefined && file === undefined) return [{ path: [], message: 'needs either script or file' }];
  return [];
}

/** @throws TalonError when it is a file that cannot be read */
async function sourceBytes({ script: text, file }: Source): Promise<Uint8Array> {
  return file === undefined ? Buffer.from(shellLines(text ?? '')) : readScript(file);
}
