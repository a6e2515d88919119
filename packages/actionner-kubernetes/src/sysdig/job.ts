import type { FalcoEvent, StepNames } from '@falco-talon/core';
import { MANAGED_BY, noteOfOrigin } from '@falco-talon/client-kubernetes';
import { keeperCommand, longestLife } from '../capture/keeper.ts';

export const CONTAINER = 'sysdig';
/** Seconds a Job that has ended stays, should nobody delete it. */
const LEFT_BEHIND = 60;

export interface JobInput {
  readonly name: string;
  readonly namespace: string;
  readonly node: string;
  readonly image: string;
  readonly duration: number;
  readonly step: StepNames;
  readonly event: FalcoEvent;
}

/**
 * A Job with one pod on the node. No scheduler is asked, so cordons and full nodes do not matter; all taints are tolerated,
 * because the kubelet and the taint manager look at them too.
 *
 * The modern eBPF probe needs CAP_BPF and CAP_PERFMON to be loaded, CAP_SYS_RESOURCE for its memory, CAP_SYS_PTRACE to read
 * other processes in the node's /proc. https://falco.org/docs/setup/container
 */
export function captureJob(input: JobInput) {
  const { name, namespace, node, image, duration, step, event } = input;
  const labels = { ...MANAGED_BY };
  const annotations = noteOfOrigin(step, event);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace, labels, annotations },
    spec: {
      backoffLimit: 0,
      completions: 1,
      parallelism: 1,
      activeDeadlineSeconds: longestLife(duration),
      ttlSecondsAfterFinished: LEFT_BEHIND,
      template: {
        metadata: { labels, annotations },
        spec: {
          restartPolicy: 'Never',
          nodeName: node,
          tolerations: [{ operator: 'Exists' }],
          terminationGracePeriodSeconds: 5,
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          containers: [
            {
              name: CONTAINER,
              image,
              imagePullPolicy: 'IfNotPresent',
              command: keeperCommand(duration),
              env: [{ name: 'HOST_ROOT', value: '/host' }],
              resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '1Gi' } },
              securityContext: {
                privileged: false,
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                runAsNonRoot: false,
                runAsUser: 0,
                runAsGroup: 0,
                capabilities: { drop: ['ALL'], add: ['BPF', 'PERFMON', 'SYS_PTRACE', 'SYS_RESOURCE'] },
                seccompProfile: { type: 'RuntimeDefault' },
                // The default profile of container runtimes forbids to look at processes outside.
                appArmorProfile: { type: 'Unconfined' },
              },
              volumeMounts: [
                { name: 'proc', mountPath: '/host/proc', readOnly: true },
                { name: 'tmp', mountPath: '/tmp' },
              ],
            },
          ],
          volumes: [
            { name: 'proc', hostPath: { path: '/proc', type: 'Directory' } },
            { name: 'tmp', emptyDir: { sizeLimit: '16Mi' } },
          ],
        },
      },
    },
  };
}
