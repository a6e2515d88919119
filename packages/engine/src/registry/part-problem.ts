import {
  API_VERSION,
  type Actionner,
  type Client,
  type Context,
  type Election,
  type Guard,
  type Notifier,
  type Output,
  type Plugin,
  type QueueDriver,
} from '@falco-talon/core';

export type Part = (Actionner | Output | Context | Notifier | Guard | QueueDriver | Election) & {
  readonly uses?: Readonly<Record<string, Client>>;
};

const NAME = /^[a-z][a-z0-9_-]{0,62}$/;

/** What a part cannot do without; found missing at start rather than at the first alert. */
const METHODS: Readonly<Record<Part['kind'], readonly string[]>> = {
  actionner: ['target', 'run'],
  output: ['store'],
  context: ['fetch'],
  notifier: ['notify'],
  guard: ['judge'],
  queue: ['open'],
  election: ['stand'],
};

/** What users write in YAML for a part: always a map of keys and values. */
const SCHEMAS: Readonly<Partial<Record<Part['kind'], string>>> = {
  actionner: 'parameters',
  output: 'parameters',
  notifier: 'settings',
  queue: 'settings',
  guard: 'settings',
  election: 'settings',
};

/** Parts that may do without it. */
const WITHOUT_SCHEMA: ReadonlySet<Part['kind']> = new Set(['guard']);

/** Why this is no plugin; undefined when it is one. Nothing here trusts the types: plugins come from outside. */
export function pluginProblem(plugin: Plugin): string | undefined {
  if (!isObject(plugin) || plugin.kind !== 'plugin') {
    return 'a plugin must be what definePlugin() returns, as the default export of its package';
  }
  const name = nameOf(plugin);
  if (name === undefined) return 'a plugin has no name';
  if (plugin.apiVersion !== API_VERSION) return versionProblem(`plugin ${name}`, plugin.apiVersion);
  if (!isName(plugin.category)) return nameProblem(name, plugin.category, 'category');
  return undefined;
}

export function partProblem(plugin: Plugin, part: Part, kind: Part['kind']): string | undefined {
  if (!isObject(part) || part.kind !== kind)
    return `${plugin.name}: among its ${kind}s is something that is no ${kind}`;
  const what = `${kind} ${String(part.name)} of ${plugin.name}`;
  if (part.apiVersion !== API_VERSION) return versionProblem(what, part.apiVersion);
  if (!isName(part.name)) return nameProblem(plugin.name, part.name, kind);
  const values = part as unknown as Readonly<Record<string, unknown>>;
  const key = SCHEMAS[kind];
  const absent = key !== undefined && values[key] === undefined && WITHOUT_SCHEMA.has(kind);
  if (key !== undefined && !absent && (values[key] as { type?: unknown } | undefined)?.type !== 'object')
    return `${what}: ${key} must be what strictObject() returns`;
  const missing = METHODS[kind].filter((method) => typeof values[method] !== 'function');
  return missing.length === 0 ? undefined : `${what} has no ${missing.join('() and no ')}()`;
}

export function clientProblem(plugin: Plugin, client: Client): string | undefined {
  if (!isObject(client) || client.kind !== 'client' || typeof client.id !== 'string' || client.id === '') {
    return `${plugin.name}: among the clients it uses is something that is no client`;
  }
  if (client.apiVersion !== API_VERSION)
    return versionProblem(`client ${client.id} of ${plugin.name}`, client.apiVersion);
  return typeof client.create === 'function' ? undefined : `client ${client.id} of ${plugin.name} has no create()`;
}

/** For messages; undefined when it has none. */
export function nameOf(plugin: Plugin): string | undefined {
  try {
    return typeof plugin.name === 'string' && plugin.name !== '' ? plugin.name : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && NAME.test(value);
}

function nameProblem(plugin: string, name: unknown, what: string): string {
  return `${plugin}: ${JSON.stringify(name)} is no name for ${/^[aeo]/.test(what) ? 'an' : 'a'} ${what}; use lower-case letters, digits, - and _`;
}

function versionProblem(what: string, version: unknown): string {
  return `${what} was made for version ${String(version)} of the plugin contract, this is version ${API_VERSION}; install matching versions`;
}
