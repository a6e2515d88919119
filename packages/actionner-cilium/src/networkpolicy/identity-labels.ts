import type { LabelSelector } from '@falco-talon/client-kubernetes';

/**
 * Labels Cilium drops before it compares selectors with pods, unless it is configured otherwise. A selector that names one
 * selects nothing. All but `beta` are compared from the start of the key.
 * https://docs.cilium.io/en/stable/operations/performance/scalability/identity-relevant-labels/
 */
const DROPPED =
  /^(?:io\.kubernetes|kubernetes\.io|statefulset\.kubernetes\.io\/pod-name|apps\.kubernetes\.io\/pod-index|batch\.kubernetes\.io\/(?:job-completion-index|controller-uid)|.*beta\.kubernetes\.io|k8s\.io|pod-template-generation|pod-template-hash|controller-revision-hash|annotation|controller-uid|etcd_node)/;

/** Why Cilium would not select the pods this selector selects; undefined when it does. */
export function droppedLabel({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string | undefined {
  const keys = [...Object.keys(matchLabels), ...matchExpressions.map(({ key }) => key)];
  const dropped = keys.find((key) => DROPPED.test(key));
  return dropped === undefined ? undefined : `Cilium does not compare the label ${dropped} of its owner's selector`;
}
