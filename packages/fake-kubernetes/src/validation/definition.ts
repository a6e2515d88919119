import type { ApiObject } from '../api-object.ts';
import { at, textAt } from '../json.ts';
import type { FieldError } from '../server/refusals.ts';
import { invalidValue, notSupported, required } from '../server/refusals.ts';

/** Of a CustomResourceDefinition, what would leave a kind nobody could ask for. */
export function definitionErrors(definition: ApiObject): readonly FieldError[] {
  const group = textAt(definition, 'spec', 'group');
  const plural = textAt(definition, 'spec', 'names', 'plural');
  const scope = textAt(definition, 'spec', 'scope');
  const { name } = definition.metadata;
  const errors: FieldError[] = [];
  if (name !== `${plural}.${group}`) {
    errors.push(invalidValue('metadata.name', name, 'must be spec.names.plural+"."+spec.group'));
  }
  if (group === '') errors.push(required('spec.group'));
  for (const field of ['plural', 'kind']) {
    if (textAt(definition, 'spec', 'names', field) === '') errors.push(required(`spec.names.${field}`));
  }
  if (scope === '') errors.push(required('spec.scope'));
  else if (scope !== 'Namespaced' && scope !== 'Cluster') {
    errors.push(notSupported('spec.scope', scope, ['Cluster', 'Namespaced']));
  }
  const versions = at(definition, 'spec', 'versions');
  (Array.isArray(versions) ? versions : []).forEach((version, index) => {
    if (at(version, 'schema', 'openAPIV3Schema') !== undefined) return;
    errors.push(required(`spec.versions[${index}].schema.openAPIV3Schema`, 'schemas are required'));
  });
  return errors;
}
