import type { JsonSchema } from '@falco-talon/core';
import type { Registry } from '@falco-talon/engine';
import { keyType } from '../cli/lists.ts';
import { markdownTable } from '../cli/markdown-table.ts';
import { environmentKeys } from './environment.ts';
import { holdsSecret, ownersOf, schemaTree, type Branch, type Leaf, type Owner } from './owners.ts';

/** The page about every key of config.yaml, in Markdown, for these plugins. */
export function configurationReference(registry: Registry): string {
  const owners = ownersOf(registry);
  const { root } = schemaTree(owners);
  const old = new Map(environmentKeys(root).map(({ path, oldNames }) => [path.join('.'), oldNames]));
  return `${INTRODUCTION}\n${table(rows(root, old, owners))}\n${ENVIRONMENT}`;
}

const INTRODUCTION = `# Configuration

<!-- Generated from the schemas of the program and the shipped plugins: run the specs of apps/talon with --update to change it. -->

One YAML file: \`-c FILE\`, else \`/etc/falco-talon/config.yaml\`, else \`./config.yaml\`; without any, every key has its
default. Environment variables win over the file, flags over both. \`falco-talon config print\` shows what is in force and where
each value comes from (with \`--output json\` a list of \`{ key, value, origin, place }\`); \`falco-talon check\` says what is wrong:
every mistake at once, with its place and the nearest name. [Editors](editors.md) complete and check the file.

\`null\` counts as not set, scalars may be quoted, a list of one item may be written without the list. Paths are relative to the
file.

The names of earlier releases are accepted: keys in camel case (\`listenAddress\`, \`printAllEvents\`), \`rulesFile\`, and
settings written in one word (\`webhookurl\`). A key that stands there under two names is an error that names both.

A key marked _required_ counts only when its owner is in use: a section of a notifier no rule refers to may be incomplete, and
\`""\` is no value for it.

A text marked _secret_ may come from a file: add \`_file\` to its name, \`url_file: /run/secrets/webhook-url\`, or use a variable, see
[below](#environment). Secrets appear in no error, log or print; neither do user and password of an address, whatever key it
stands under.

A plugin may bring its own section; two owners of one key are an error that names both. The sections \`otel\`, \`aws\`,
\`gcp\`, \`minio\` and \`notifiers.{k8sevents,slack,smtp,webhook,loki,elasticsearch}\` are accepted, unread and unused, when no
loaded plugin owns them, so that a configuration that has them all still loads.
`;

const ENVIRONMENT = `## Environment

Every key that holds a value has a variable: \`FALCO_TALON_\` and the key in upper case, \`_\` for \`.\`:
\`FALCO_TALON_DEDUPLICATION_TIME_WINDOW_SECONDS=0\`. Lists are separated by commas, or written as JSON when an item has one:
\`["/a,b", "/c"]\`; a map is JSON: \`{"x-tenant": "shop"}\`. An empty variable counts as not set; variables nobody knows are no
error.

\`FALCO_TALON_<KEY>_FILE\` names a file that holds the value, for secrets that are mounted:
\`FALCO_TALON_NOTIFIERS_WEBHOOK_URL_FILE=/run/secrets/webhook-url\`. A line break at the end of the file is dropped. Setting
both forms of one key is an error.

The last column names the variables of earlier releases; they are read when the new one is not set. A \`KUBECONFIG\` that
lists several files is left to the Kubernetes client, which merges them.
`;

interface Row {
  readonly key: string;
  readonly type: string;
  readonly preset: string;
  readonly meaning: string;
  readonly old: string;
}

function rows(root: Branch, old: ReadonlyMap<string, readonly string[]>, owners: readonly Owner[]): readonly Row[] {
  const result: Row[] = [];
  const walk = (node: Branch | Leaf, path: readonly string[]): void => {
    if (node.type === 'leaf') {
      if (node.owner !== undefined) result.push(row(path, node, old.get(path.join('.')) ?? []));
      return;
    }
    for (const [key, child] of node.keys) walk(child, [...path, key]);
  };
  walk(root, []);
  return result.concat(owners.filter((owner) => owner.kind === 'notifier' && isEmpty(owner)).map(emptySection));
}

function row(path: readonly string[], { schema, required }: Leaf, old: readonly string[]): Row {
  return {
    key: path.join('.'),
    type: keyType(schema),
    preset: required ? '_required_' : presetText(schema),
    meaning: [schema.description ?? '', ...(holdsSecret(schema) ? ['_Secret._'] : [])].join(' ').trim(),
    old: old.map((name) => `\`${name}\``).join(' '),
  };
}

function isEmpty(owner: Owner): boolean {
  return Object.keys(owner.schema.properties ?? {}).length === 0;
}

function emptySection(owner: Owner): Row {
  return { key: owner.path.join('.'), type: 'map', preset: '', meaning: 'Has no settings.', old: '' };
}

function presetText({ default: preset }: JsonSchema): string {
  return preset === undefined ? '' : `\`${JSON.stringify(preset)}\``;
}

function table(list: readonly Row[]): string {
  return markdownTable(
    ['Key', 'Value', 'Default', 'Meaning', 'Old variables'],
    list.map(({ key, type, preset, meaning, old }) => [`\`${key}\``, type, preset, meaning, old]),
  );
}
