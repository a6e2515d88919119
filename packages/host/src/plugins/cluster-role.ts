import type { Registry } from '@falco-talon/engine';

interface Row {
  readonly verbs: Set<string>;
  /** Which parts need it. */
  readonly parts: Set<string>;
}

/** A ClusterRole, in YAML, with what these parts need: each resource once, with the parts that need it. */
export function clusterRole(registry: Registry, names: readonly string[]): string {
  const rows = new Map<string, Row>();
  for (const name of names) {
    for (const permission of permissionsOf(registry, name)) {
      if (permission.kind !== 'kubernetes') continue;
      for (const resource of permission.resources) {
        const key = `${permission.apiGroup}/${resource}`;
        const row = rows.get(key) ?? { verbs: new Set(), parts: new Set() };
        for (const verb of permission.verbs) row.verbs.add(verb);
        row.parts.add(name);
        rows.set(key, row);
      }
    }
  }
  const rules = [...rows]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { verbs, parts }]) => {
      const [group, resource] = split(key);
      return `  # ${[...parts].toSorted().join(', ')}
  - apiGroups: ['${group}']
    resources: [${resource}]
    verbs: [${[...verbs].toSorted().join(', ')}]
`;
    });
  return HEAD + rules.join('');
}

const HEAD = `# Generated from the metadata of the plugins: run the specs of apps/talon with --update to change it.
# What the starter rules need, and no more. For rules of your own add the rows docs/permissions.md has for their actionners,
# and take out those of actionners that no rule uses any more.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: falco-talon
rules:
`;

function permissionsOf({ actionners, contexts, outputs, notifiers, guards }: Registry, name: string) {
  const found = [actionners, contexts, outputs, notifiers, guards].map((kind) => kind.get(name)).find((one) => one);
  if (!found) throw new Error(`no plugin brings ${name}`);
  return found.part.permissions ?? [];
}

/** Subresources have a slash of their own: `pods/log`. */
function split(key: string): readonly [group: string, resource: string] {
  const slash = key.indexOf('/');
  return [key.slice(0, slash), key.slice(slash + 1)];
}
