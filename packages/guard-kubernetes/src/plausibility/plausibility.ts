import { defineGuard, targetText, type FalcoEvent, type Verdict } from '@falco-talon/core';
import {
  bareContainerId,
  containerRun,
  containerStatuses,
  kubernetes,
  permission,
  readPod,
} from '@falco-talon/client-kubernetes';
import { wrongTime } from './age.ts';
import { readAlert, shown } from './alert-of-pod.ts';
import type { Pod } from './pod.ts';
import { isSameHost } from './same-host.ts';
import { settings } from './settings.ts';
import { subjectOf } from './subject.ts';

/** The kubelet tells of a container that has just started a moment later. Milliseconds. */
const TELLING = 3_000;
const ONCE_MORE = 1_000;
/** Ids in a message. */
const MOST = 6;

/**
 * Compares what an alert says about a pod with the cluster: one read, which the action shares. An alert somebody made up
 * names a pod easily; its node, its container's id and its uid he has to know as well.
 */
export const plausibility = defineGuard({
  name: 'plausibility',
  description: 'Compares an alert with the cluster before anything destructive is done to the pod it names.',
  uses: { kubernetes },
  settings,
  permissions: [permission('', ['pods'], ['get'], 'guard.plausibility.applies_to is not none')],

  async judge({ event, target, effect, resumed, settings: given, reads, signal, now }): Promise<Verdict> {
    const { namespace } = target;
    const applies = given.applies_to === 'all' || (given.applies_to === 'destructive' && effect.destructive);
    if (!applies) return { kind: 'allow' };
    const wrong = wrongTime(event, given);
    if (wrong !== undefined) return deny(wrong);
    if (target.kind !== 'pod' || namespace === undefined) return { kind: 'allow' };
    const alert = readAlert(event, target);
    if (typeof alert === 'string') return deny(alert);
    if (given.container && alert.running && alert.container === undefined && !alert.hasUid) {
      return deny(
        "the alert carries neither container.id nor k8s.pod.uid, so nobody can tell whether it is about this pod: add them with Falco's append_output (extra_fields), or set guard.plausibility.container: false",
      );
    }
    // Whatever its source is called: only Falco on the pod's node sees what runs in it.
    const checksNode = given.node && alert.running;
    if (checksNode && event.hostname === '') {
      return deny(
        'the alert has no hostname, so nobody can tell whether it comes from the node of the pod: let the sender keep it, or set guard.plausibility.node: false',
      );
    }

    // It was compared before it began; by now its own doing may have changed the pod, or ended it.
    if (resumed) return { kind: 'allow' };

    const pod = await readPod<Pod>(reads.kubernetes, { ...target, namespace }, signal);
    const node = pod.spec?.nodeName ?? '';
    if (alert.running && node === '') return deny(`${targetText(target)} is on no node yet: nothing can run in it`);
    if (checksNode && !isSameHost(event.hostname, node)) return deny(otherNode(event, targetText(target), node));
    if (alert.container !== undefined && containerRun(pod, alert.container) === undefined) {
      const reason = otherContainer(alert.container, targetText(target), pod);
      // One whose status is not told yet: the same question a moment later, while the alert is fresh.
      const fresh = now() - event.receivedAt < TELLING;
      return fresh ? { kind: 'hold', reason, until: now() + ONCE_MORE } : deny(reason);
    }
    return { kind: 'allow', subject: subjectOf(pod, target) };
  },
});

function deny(reason: string): Verdict {
  return { kind: 'deny', reason };
}

function otherNode({ hostname }: FalcoEvent, pod: string, node: string): string {
  return `the alert comes from ${shown(hostname)}, ${pod} runs on ${node}: the alert is not genuine, or Falco does not know its node (set FALCO_HOSTNAME to spec.nodeName, as its Helm chart does, or guard.plausibility.node: false)`;
}

function otherContainer(id: string, text: string, pod: Pod): string {
  const ids = containerStatuses(pod)
    .map(({ containerID = '' }) => bareContainerId(containerID).slice(0, 12))
    .filter((known) => known !== '');
  const has = ids.length === 0 ? 'no container yet' : ids.slice(0, MOST).join(', ');
  return `the alert names container ${id.slice(0, 12)}, ${text} has ${has}: the pod was replaced, or the alert is not genuine`;
}
