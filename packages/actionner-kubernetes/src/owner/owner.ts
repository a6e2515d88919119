export { controllerOf, ownerText, workloadResource } from '@falco-talon/client-kubernetes';
