import type { Difference } from '@falco-talon/core';
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
  image,
];
