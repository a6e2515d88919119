import { definePlugin } from '@falco-talon/core';
import { kubernetesElection } from './kubernetes-election.ts';

export default definePlugin({
  name: '@falco-talon/election-kubernetes',
  category: 'election',
  elections: [kubernetesElection],
});
