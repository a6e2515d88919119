export { FIELD_MANAGER, isManaged, MANAGED_BY, noteOfOrigin } from '@falco-talon/client-kubernetes';
