export { kubernetes } from './client.ts';
export { kubernetesFailure } from './failure.ts';
export * from './kubernetes.ts';
export * from './workload/index.ts';
