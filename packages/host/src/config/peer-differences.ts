import { resolve } from 'node:path';
import { valueText, type Difference } from '@falco-talon/core';
import { yamlValue, type PeerDifference, type YamlNode } from '@falco-talon/engine';
import type { ConfigFile, ConfigSources } from './config-file.ts';
import { squeezed } from './file-values.ts';
import type { LoadedConfig } from './load-config.ts';

interface ConfigDifference extends Required<Pick<Difference, 'id' | 'effect' | 'when' | 'there' | 'here'>> {
  readonly path: readonly string[];
  applies(value: unknown): boolean;
}

const isTrue = (value: unknown) => valueText(value)?.toLowerCase() === 'true';
const always = () => true;

/** Where a key of config.yaml means something else than in the Go engine. The guide's table is made from this list. */
export const CONFIG_DIFFERENCES: readonly ConfigDifference[] = [
  {
    id: 'rules-file',
    effect: 'more',
    path: ['rules_file'],
    when: 'the list of rules is called rules_file, as in a published example',
    there: 'the key is unknown and ignored, and /etc/falco-talon/rules.yaml is read',
    here: 'it is another name of rules_files, so these rules are in force',
    applies: always,
  },
  {
    id: 'watch-rules',
    effect: 'more',
    path: ['watch_rules'],
    when: 'watch_rules is true',
    there: 'only a file that is written in place is read again; changes of a ConfigMap never are',
    here: 'every change goes live, unless the new rules have a mistake',
    applies: isTrue,
  },
  {
    id: 'leader-election',
    effect: 'other',
    path: ['deduplication', 'leader_election'],
    when: 'deduplication.leader_election is true',
    there:
      'the server does not start outside a cluster; inside, replicas publish to the one that leads, which keeps alerts in memory',
    here: 'outside a cluster, and with queue.type nats, it has no effect; inside, replicas keep what they accept on their disks and hand it over to the one that leads. It takes the rights list and delete on leases, too, which the chart of the Go engine does not give',
    applies: isTrue,
  },
  {
    id: 'no-window',
    effect: 'more',
    path: ['deduplication', 'time_window_seconds'],
    when: 'deduplication.time_window_seconds is 0',
    there: 'equal alerts within two minutes are acted on once',
    here: 'every alert is acted on',
    applies: (value) => valueText(value) === '0',
  },
  {
    id: 'otel',
    effect: 'less',
    path: ['otel'],
    when: 'otel.traces_enabled or otel.metrics_enabled is true',
    there: 'traces and metrics are sent to the collector',
    here: 'nothing is sent yet; metrics are at /metrics',
    applies: (value) => ['traces_enabled', 'metrics_enabled'].some((key) => isTrue(valueAt(value, [key]))),
  },
  {
    id: 'log-color',
    effect: 'other',
    path: ['log_format'],
    when: 'log_format is color',
    there: 'colours are written to files and pipes too',
    here: 'they are written to terminals only; elsewhere it is text',
    applies: (value) => value === 'color',
  },
  {
    id: 'notifier-case',
    effect: 'other',
    path: ['default_notifiers'],
    when: 'a default notifier is not written in lower case',
    there: 'it is never told of anything',
    here: 'the case does not matter, so it is told',
    applies: (value) =>
      Array.isArray(value) && value.some((name) => valueText(name)?.toLowerCase() !== valueText(name)),
  },
  {
    id: 'relative-path',
    effect: 'other',
    path: ['rules_files'],
    when: 'a relative path in rules_files is there beside config.yaml, and the program starts elsewhere',
    there: 'it starts at the working directory',
    here: 'it starts at the directory of config.yaml',
    // Where files are is not in the file; see findConfigDifferences.
    applies: () => false,
  },
];

/** Every key of the config file that means something else than in the Go engine, where it stands. */
export function findConfigDifferences(
  { document }: ConfigFile,
  { workingDirectory, rulesFiles }: ConfigSources,
  config: Pick<LoadedConfig, 'rulesFiles'>,
): readonly PeerDifference[] {
  const root = document?.root;
  if (!root) return [];
  const values = yamlValue(document);
  return CONFIG_DIFFERENCES.flatMap((difference) => {
    const key = keyAt(root, difference.path);
    if (key === undefined) return [];
    const value = valueAt(values, difference.path);
    const elsewhere = difference.id === 'relative-path' && rulesFiles === undefined && moved(value);
    return difference.applies(value) || elsewhere ? [told(difference, key)] : [];
  });

  function moved(paths: unknown): boolean {
    const listed = Array.isArray(paths) ? paths.map((path) => valueText(path) ?? '') : [];
    return listed.some((path, index) => resolve(workingDirectory, path) !== config.rulesFiles?.[index]);
  }
}

function told({ id, effect, path, there, here }: ConfigDifference, place: YamlNode['place']): PeerDifference {
  const message = `in the Go engine, ${there}; here ${here}`;
  const position = place.source.position(place.offset);
  return {
    ...position,
    length: place.length,
    severity: 'differs',
    id: `config/${id}`,
    effect,
    path: path.join('.'),
    message,
  };
}

/** Where the last key of the path stands, when all of them are there. */
function keyAt(root: YamlNode, path: readonly string[]): YamlNode['place'] | undefined {
  let node = root;
  let key: YamlNode['place'] | undefined;
  for (const name of path) {
    if (node.kind !== 'map') return undefined;
    const entry = node.entries.get(spelling(name, [...node.entries.keys()]));
    if (entry === undefined) return undefined;
    ({ key, value: node } = entry);
  }
  return key;
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  return path.reduce((value, name) => {
    if (typeof value !== 'object' || value === null) return undefined;
    return (value as Readonly<Record<string, unknown>>)[spelling(name, Object.keys(value))];
  }, root);
}

/** How the file writes a key: as it is called today, else as the first releases wrote it (`watchRules`). */
function spelling(name: string, written: readonly string[]): string {
  if (written.includes(name)) return name;
  return written.find((key) => !/[_-]/.test(key) && key.toLowerCase() === squeezed(name)) ?? name;
}
