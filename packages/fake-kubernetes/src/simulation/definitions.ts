import type { Cluster } from '../server/request.ts';
import { resourcesOf } from '../resources/custom/definitions.ts';

/** With a definition goes everything of its kind. */
export function startDefinitions({ store }: Cluster): void {
  store.onChange((change, resource, object) => {
    if (change !== 'deleted' || resource.kind !== 'CustomResourceDefinition') return;
    const [defined] = resourcesOf(object);
    if (defined === undefined) return;
    for (const left of store.list(defined, '')) store.remove(defined, left);
  });
}
