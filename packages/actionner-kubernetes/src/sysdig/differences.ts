import type { Difference } from '@falco-talon/core';
import { goesOn, image } from '../capture/differences.ts';

export const differences: readonly Difference[] = [
  goesOn,
  {
    id: 'namespace',
    effect: 'other',
    there: 'the Job that captures runs in the namespace of the pod, and stays for an hour',
    here: "it runs in Falco Talon's own namespace, and is removed",
  },
  image,
];
