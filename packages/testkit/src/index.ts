export * from './events/falco-event.ts';
export * from './run/after-run.ts';
export { DEFAULT_TIME_LIMIT, fitParameters, type RunOptions } from './run/attempt.ts';
export * from './run/clients.ts';
export * from './run/issue-text.ts';
export * from './run/keep.ts';
export * from './run/run-actionner.ts';
export * from './run/run-context.ts';
export * from './run/run-guard.ts';
export * from './run/run-notifier.ts';
export * from './run/run-output.ts';
export * from './run/scope.ts';
export { testActionner, type ActionnerSuiteOptions } from './suites/actionner-suite.ts';
export { testContext, type ContextSuiteOptions } from './suites/context-suite.ts';
export { testGuard, type GuardCase, type GuardSuiteOptions } from './suites/guard-suite.ts';
export type { Hang, HangOption } from './suites/hang.ts';
export { HOSTILE_VALUES } from './suites/hostile-values.ts';
export { connectCluster, type ConnectedCluster } from './suites/kubernetes/connect-cluster.ts';
export {
  alertOfConnection,
  testDeniedAddresses,
  type ChangingCluster,
  type DeniedAddressesOptions,
  type PolicyDialect,
  type StoredObject,
} from './suites/kubernetes/denied-addresses-suite.ts';
export { testHostileNames, type HostileNamesOptions } from './suites/kubernetes/hostile-names-suite.ts';
export {
  testPermissions,
  type PermissionCase,
  type PermissionSuiteOptions,
} from './suites/kubernetes/permission-suite.ts';
export { hanging, writes } from './suites/kubernetes/sent-requests.ts';
export type { KubernetesSuiteOptions, TestedCluster } from './suites/kubernetes/tested-cluster.ts';
export { testNotifier, type NotifierSuiteOptions } from './suites/notifier-suite.ts';
export { testOutput, type OutputSuiteOptions } from './suites/output-suite.ts';
export { testPlugin, type PluginSuiteOptions } from './suites/plugin-suite.ts';
export { schemaProblems } from './suites/schema-problems.ts';
export * from './engine/test-engine.ts';
export { testQueue, type OpenedQueue, type QueueSuiteOptions } from './queue/test-queue.ts';
export * from './events/recorded-alerts.ts';
