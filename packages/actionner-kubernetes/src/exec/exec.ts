import { defineActionner, POD_FIELDS, podTarget, strictObject, Type } from '@falco-talon/core';
import { kubernetes } from '@falco-talon/client-kubernetes';
import { containerChoice } from '../pod/container-choice.ts';
import { MOST_SCRIPT_BYTES, textIssues } from '../remote/script-text.ts';
import {
  checkContainer,
  commandTimeLimit,
  EXEC_PERMISSIONS,
  previewPlace,
  runInShell,
  shellParameters,
} from '../remote/shell-action.ts';
import { shellDifferences } from '../remote/differences.ts';
import { examples } from './examples.ts';

export const exec = defineActionner({
  name: 'exec',
  description: "Runs a command in a container's shell, with the event's values as environment variables.",
  stability: 'stable',
  sources: ['syscall', 'k8s_audit'],
  continue: true,
  output: 'none',
  parameters: strictObject({
    command: Type.String({
      minLength: 1,
      maxLength: MOST_SCRIPT_BYTES,
      description: 'What the shell runs. Values of the event are variables (`"$PROC_NAME"`), never part of this text.',
    }),
    ...shellParameters,
  }),
  uses: { kubernetes },
  facts: containerChoice,
  requiredFields: POD_FIELDS,
  // What a command does, only its author knows: an unknown outcome is not repeated.
  idempotent: false,
  destructive: true,
  permissions: EXEC_PERMISSIONS,
  examples,
  differences: shellDifferences('command', 'it runs in every container of the pod, one after the other'),

  validate: ({ command }) => textIssues('command', command),
  target: ({ event }) => podTarget(event),
  timeLimit: commandTimeLimit,
  check: checkContainer,

  async preview(context) {
    const { command, shell } = context.parameters;
    const shown = JSON.stringify(command.length > 200 ? `${command.slice(0, 200)}…` : command);
    return `would run ${shown} with ${shell} in ${await previewPlace(context)}`;
  },

  run: (context) => runInShell(context, context.parameters.command),
});
