import { valueText, type Difference, type WrittenAction } from '@falco-talon/core';

const VARIABLE = /\$[A-Za-z0-9_{*#$@!?-]/;
const notGiven =
  (key: string) =>
  ({ parameters }: WrittenAction) =>
    parameters[key] === undefined;

/** @param there which container takes the place of the one of the alert */
export function containerDifference(there: string, effect: Difference['effect'] = 'less'): Difference {
  return {
    id: 'container',
    effect,
    when: 'container is not given',
    there,
    here: "it is the container of the alert, or the pod's default one when the alert names none",
    applies: notGiven('container'),
  };
}

/** @param text the parameter the shell runs */
export function shellDifferences(text: 'command' | 'script', container: string): readonly Difference[] {
  return [
    {
      id: 'variables',
      effect: 'other',
      when: `${text} contains $`,
      there:
        "every $NAME, ${NAME} and $1 is replaced in the text before the shell sees it, in single quotes too, by values of the alert or of Falco Talon's own environment, or by nothing",
      here: 'the text stays as it is: values of the alert are environment variables (put "$NAME" in double quotes; single quotes keep it from being replaced), and $HOME, $1 or $? are the shell\'s',
      parameter: text,
      applies: ({ parameters }) => VARIABLE.test(valueText(parameters[text]) ?? ''),
    },
    containerDifference(container),
    {
      id: 'timeout',
      effect: 'less',
      when: 'timeout is not given',
      there: 'it may run without end, and everything else waits for it',
      here: 'it is ended after 60 s',
      applies: notGiven('timeout'),
    },
  ];
}

/** A script in a file is not in the rules, so whether it has variables is not known. */
export const scriptFile: Difference = {
  id: 'file-variables',
  effect: 'other',
  when: 'file is given',
  there: 'every $NAME, ${NAME} and $1 in the file is replaced before it runs',
  here: 'it runs as it is, with values of the alert as environment variables',
  parameter: 'file',
  applies: ({ parameters }) => parameters['file'] !== undefined,
};

export const downloadDifferences: readonly Difference[] = [
  {
    id: 'variables',
    effect: 'other',
    when: 'file contains $',
    there:
      "$NAME and ${NAME} stand for values of the alert or of Falco Talon's own environment, unknown ones for nothing",
    here: 'only ${NAME} does, only for values of the alert, and an unknown name is a failure',
    parameter: 'file',
    applies: ({ parameters }) => VARIABLE.test(valueText(parameters['file']) ?? ''),
  },
  containerDifference('it is the first container that has the file', 'other'),
];
