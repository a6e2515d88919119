export { patchPodMetadata, type MetadataKind, type MetadataPatch } from '@falco-talon/client-kubernetes';
