import { randomBytes } from 'node:crypto';

/** One RBAC rule, as in a Role. With a `namespace` it counts there only, as in a RoleBinding. */
export interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly namespace?: string;
}

export interface UserInput {
  /** The name RBAC and the messages know, `system:serviceaccount:<namespace>:<name>` for a service account. */
  readonly name: string;
  readonly groups?: readonly string[];
  /** Default: a random one. */
  readonly token?: string;
  /** What the user may do beside what the stored roles and bindings grant. */
  readonly rules?: readonly Rule[];
}

export interface User {
  readonly name: string;
  readonly groups: readonly string[];
  readonly rules: readonly Rule[];
}

/** May do everything: member of `system:masters`. */
export const ADMIN: UserInput = { name: 'kubernetes-admin', groups: ['system:masters'] };

export const ANONYMOUS: User = { name: 'system:anonymous', groups: ['system:unauthenticated'], rules: [] };

/** A service account with its rules. */
export function serviceAccount(namespace: string, name: string, rules: readonly Rule[] = []): UserInput {
  return { name: `system:serviceaccount:${namespace}:${name}`, rules };
}

/** The namespace a service account lives in; `undefined` for another user. */
export function namespaceOfAccount(user: string): string | undefined {
  const [system, kind, namespace, name] = user.split(':');
  return system === 'system' && kind === 'serviceaccount' && name !== undefined ? namespace : undefined;
}

function groupsOf(input: UserInput): readonly string[] {
  const namespace = namespaceOfAccount(input.name);
  const account = namespace === undefined ? [] : ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
  return [...account, ...(input.groups ?? []), 'system:authenticated'];
}

/** Who is known, and by which token. */
export interface Users {
  add(input: UserInput): User;
  byName(name: string): User | undefined;
  byToken(token: string): User | undefined;
  tokenOf(name: string): string;
  /** Gives the user a new token; the old one is refused from now on. */
  rotateToken(name: string): string;
  all(): readonly User[];
}

export function createUsers(): Users {
  const users = new Map<string, User>();
  const tokens = new Map<string, string>();
  const registry = {
    add(input: UserInput): User {
      const user = { name: input.name, groups: groupsOf(input), rules: input.rules ?? [] };
      users.set(input.name, user);
      tokens.set(input.name, input.token ?? randomBytes(24).toString('base64url'));
      return user;
    },
    byName: (name: string) => users.get(name),
    byToken(token: string): User | undefined {
      for (const [name, known] of tokens) if (known === token) return users.get(name);
      return undefined;
    },
    tokenOf(name: string): string {
      const token = tokens.get(name);
      if (token === undefined) throw new Error(`fake-kubernetes knows no user ${JSON.stringify(name)}`);
      return token;
    },
    rotateToken(name: string): string {
      registry.tokenOf(name);
      const token = randomBytes(24).toString('base64url');
      tokens.set(name, token);
      return token;
    },
    all: () => [...users.values()],
  };
  return registry;
}
