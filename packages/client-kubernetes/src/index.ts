export { kubernetes } from './client.ts';
export { connectionOf } from './connection-of.ts';
export { runsInCluster } from './credentials/in-cluster.ts';
export { kubernetesFailure } from './failure.ts';
export * from './kubernetes.ts';
export { nameParameter } from './name-parameter.ts';
export { refuseOwnAccess } from './own-access.ts';
export * from './workload/index.ts';
