import type { ApiObject } from '../api-object.ts';
import type { Answer } from '../server/answer.ts';
import type { ApiRequest } from '../server/request.ts';

const META = { apiVersion: 'meta.k8s.io/v1' };

function partial(object: Pick<ApiObject, 'metadata'>): object {
  return { kind: 'PartialObjectMetadata', ...META, metadata: object.metadata };
}

/** The answer reduced to metadata, when the client asked for `as=PartialObjectMetadata` or its list. */
export function asRequested(request: ApiRequest, answer: Answer): Answer {
  const accept = request.headers.accept ?? '';
  if (!accept.includes('as=PartialObjectMetadata') || answer.status >= 300) return answer;
  const body = answer.body as { readonly metadata: ApiObject['metadata']; readonly items?: readonly ApiObject[] };
  if (body.items === undefined) return { ...answer, body: partial(body) };
  const items = body.items.map(partial);
  return { ...answer, body: { kind: 'PartialObjectMetadataList', ...META, metadata: body.metadata, items } };
}
