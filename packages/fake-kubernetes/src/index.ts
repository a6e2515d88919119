export type { ApiObject, ManagedFieldsEntry, Metadata, ObjectInput, OwnerReference } from './api-object.ts';
export type { FakeKubernetes, FakeKubernetesInput, KubeconfigOptions } from './fake-kubernetes.ts';
export { startFakeKubernetes } from './start-fake-kubernetes.ts';
export type { Authority, KeyPair, Validity } from './certificates/certificates.ts';
export { createAuthority } from './certificates/certificates.ts';
export type { Rule, UserInput } from './access/users.ts';
export { serviceAccount } from './access/users.ts';
export type { ContainerMatch, ExecHandler, ExecSession } from './exec/exec-session.ts';
export { CannotStart } from './exec/cannot-start.ts';
export type { ProgramsInput } from './exec/real-programs.ts';
export { realPrograms } from './exec/real-programs.ts';
export type { FaultHandle, FaultInput, FaultKind, RequestMatch } from './faults/faults.ts';
export type { ReceivedRequest, RequestPredicate } from './faults/journal.ts';
export type { Json, JsonObject } from './json.ts';
export type { ContainerProcess, StartedContainer } from './simulation/containers.ts';
export type { WatchControl } from './watch/watches.ts';
export type { PodDisruptionBudgetInput } from './workloads/pod-disruption-budget.ts';
export { podDisruptionBudget } from './workloads/pod-disruption-budget.ts';
export type { CalicoInput } from './crds/calico.ts';
export { calicoCrds } from './crds/calico.ts';
export { ciliumCrds } from './crds/cilium.ts';
export type { DefinitionInput } from './crds/definition.ts';
export { customResourceDefinition } from './crds/definition.ts';
export type { OpenApi } from './resources/custom/open-api.ts';
export type { PodInput } from './workloads/pod.ts';
export { containerId, pod } from './workloads/pod.ts';
export type { NodeInput, WorkloadInput } from './workloads/workloads.ts';
export {
  daemonSet,
  deployment,
  job,
  namespace,
  node,
  ownerReference,
  replicaSet,
  replicationController,
  statefulSet,
} from './workloads/workloads.ts';
