import type { Permission } from '@falco-talon/core';
import type { Registry } from '@falco-talon/engine';
import { markdownTable } from '../cli/markdown-table.ts';

/** The page about the rights each part of these plugins needs, in Markdown. */
export function permissionsReference(registry: Registry): string {
  const parts = [
    registry.actionners,
    registry.contexts,
    registry.outputs,
    registry.notifiers,
    registry.guards,
    registry.elections,
  ].flatMap((kind) => [...kind].map(([name, { part }]) => ({ name, permissions: part.permissions ?? [] })));
  const sections = parts
    .filter(({ permissions }) => permissions.length > 0)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, permissions }) => `## ${name}\n\n${tables(permissions).join('\n')}`);
  return `${INTRODUCTION}\n${sections.join('\n')}`;
}

const INTRODUCTION = `# Permissions

<!-- Generated from the metadata of the shipped plugins: run the specs of apps/talon with --update to change it. -->

What the identity of Falco Talon must be allowed to do, for each part. Grant what the actionners, contexts, outputs and
notifiers of your rules need, and the guards, and nothing else. Each row of a Kubernetes table is one rule of a Role or ClusterRole; nodes
and namespaces need a ClusterRole. A row with a condition is needed only then.

A right that is missing makes the action fail with \`forbidden\`; the message names the verb and the resource.
\`falco-talon actionners list --output json\` prints the same data.
`;

function tables(permissions: readonly Permission[]): readonly string[] {
  const kubernetes = permissions.filter((permission) => permission.kind === 'kubernetes');
  const clouds = permissions.filter((permission) => permission.kind !== 'kubernetes');
  return [
    ...(kubernetes.length === 0
      ? []
      : [
          markdownTable(
            ['apiGroup', 'resources', 'verbs', 'when'],
            kubernetes.map(({ apiGroup, resources, verbs, when = '' }) => [
              `\`"${apiGroup}"\``,
              codes(resources),
              codes(verbs),
              when,
            ]),
          ),
        ]),
    ...(clouds.length === 0
      ? []
      : [
          markdownTable(
            ['cloud', 'actions', 'when'],
            clouds.map(({ kind, actions, when = '' }) => [kind, codes(actions), when]),
          ),
        ]),
  ];
}

function codes(words: readonly string[]): string {
  return words.map((word) => `\`${word}\``).join(' ');
}
