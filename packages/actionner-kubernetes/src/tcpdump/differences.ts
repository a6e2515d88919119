import { valueText, type Difference } from '@falco-talon/core';
import { goesOn, image } from '../capture/differences.ts';

export const differences: readonly Difference[] = [
  goesOn,
  {
    id: 'snaplen',
    effect: 'less',
    when: 'snaplen is not given',
    there: 'packets are kept whole',
    here: 'the first 4096 bytes of each are kept',
    applies: ({ parameters }) => parameters['snaplen'] === undefined,
  },
  {
    id: 'long',
    effect: 'other',
    when: 'duration is more than 60',
    there: 'the container ends after 60 s, and the capture is lost',
    here: 'it goes on for as long as the rule says',
    parameter: 'duration',
    applies: ({ parameters }) => Number(valueText(parameters['duration'])) > 60,
  },
  image,
];
