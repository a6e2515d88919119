export { kubernetes } from './client.ts';
export { kubernetesFailure } from './failure.ts';
export * from './kubernetes.ts';
export { nameParameter } from './name-parameter.ts';
export * from './workload/index.ts';
