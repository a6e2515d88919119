import { valueText, type Difference } from '@falco-talon/core';
import { containerDifference } from '../remote/differences.ts';

export const differences: readonly Difference[] = [
  containerDifference('it is the first container that has a log', 'other'),
  {
    id: 'no-lines',
    effect: 'less',
    when: 'tail_lines is 0',
    there: '20 lines are kept',
    here: 'none is',
    parameter: 'tail_lines',
    applies: ({ parameters }) => valueText(parameters['tail_lines']) === '0',
  },
];
