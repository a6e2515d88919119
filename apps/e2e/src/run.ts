import type { Images } from './settings.ts';

/** What every test file is told about the run it belongs to. */
export interface Run {
  /** Random; part of every name made and value of the label `RUN_LABEL` on everything made. */
  readonly id: string;
  readonly kubeconfig: string;
  /** Folder of this run: kubeconfigs, artifacts, what is to be put back. Removed at the end. */
  readonly folder: string;
  readonly images: Images;
  readonly cluster: ClusterFacts;
}

/** What the cluster is able to do. */
export interface ClusterFacts {
  /** A node that is ready and takes pods; absent: nothing runs there, objects are only stored. */
  readonly node?: string;
  /** When all pods are to be put on that node: its label `kubernetes.io/hostname`. */
  readonly hostname?: string;
  /** Whether controllers run, so that deleted namespaces go away and service accounts are made. */
  readonly controllers: boolean;
  /** Group of Calico's policies, the aggregated one before that of the definitions. */
  readonly calico?: string;
  readonly cilium: boolean;
  /** Whether a node that others use may be drained. */
  readonly drain: boolean;
}

export const RUN_LABEL = 'falco-talon.org/e2e';
/** Variable in which the run is handed to the test files. */
export const RUN_VARIABLE = 'FALCO_TALON_E2E_RUN';

/** @throws Error outside `npm run test:e2e` */
export function currentRun(): Run {
  const text = process.env[RUN_VARIABLE];
  if (text === undefined) throw new Error('these tests need what npm run test:e2e prepares; run that');
  return JSON.parse(text) as Run;
}
