import type { Difference } from '@falco-talon/core';

/** Of both captures. */
export const goesOn: Difference = {
  id: 'continue',
  effect: 'more',
  when: 'continue is not given, and actions of the rule come after it',
  there: 'the rule ends with the capture, so they never run',
  here: 'they run',
  applies: ({ continue: written, isLast }) => written === undefined && !isLast,
};

export const image: Difference = {
  id: 'image',
  effect: 'other',
  when: 'image is not given',
  there: 'the image is one of a person (issif), in its latest version, pulled each time',
  here: 'it is a fixed version of another one; see the guide on captures',
  applies: ({ parameters }) => parameters['image'] === undefined,
};
