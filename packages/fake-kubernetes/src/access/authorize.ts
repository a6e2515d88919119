import type { ApiObject } from '../api-object.ts';
import type { JsonObject } from '../json.ts';
import { at, isObject, quote, textAt } from '../json.ts';
import { findResource } from '../resources/registry.ts';
import type { Resource } from '../resources/resource.ts';
import { qualifiedPlural } from '../resources/resource.ts';
import { NOT_SNIFFED, refuse } from '../server/answer.ts';
import type { Refusal } from '../server/answer.ts';
import type { Store } from '../storage/store.ts';
import type { Rule, User } from './users.ts';

/** What is asked for, in the words of RBAC. */
export interface Attributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

const RBAC = 'rbac.authorization.k8s.io';
export const PUBLIC_PATHS = ['/healthz', '/livez', '/readyz', '/version'];
/** What `system:discovery` grants to everybody who is authenticated. */
const DISCOVERY_PATHS = ['/api', '/apis', '/openapi'];

function has(list: readonly string[] | undefined, wanted: string): boolean {
  return list?.some((item) => item === '*' || item === wanted) ?? false;
}

function allows(rule: Rule, asked: Attributes): boolean {
  if (rule.namespace !== undefined && rule.namespace !== asked.namespace) return false;
  const resource = asked.subresource === '' ? asked.resource : `${asked.resource}/${asked.subresource}`;
  const onResource = has(rule.resources, resource) || has(rule.resources, `*/${asked.subresource}`);
  const named = (rule.resourceNames?.length ?? 0) === 0 || (rule.resourceNames?.includes(asked.name) ?? false);
  return has(rule.verbs, asked.verb) && has(rule.apiGroups ?? [''], asked.group) && onResource && named;
}

function isSubject(subject: unknown, user: User, bindingNamespace: string): boolean {
  const name = textAt(subject, 'name');
  switch (textAt(subject, 'kind')) {
    case 'Group':
      return user.groups.includes(name);
    case 'ServiceAccount':
      return user.name === `system:serviceaccount:${textAt(subject, 'namespace') || bindingNamespace}:${name}`;
    default:
      return user.name === name;
  }
}

function rbac(plural: string): Resource {
  const found = findResource(RBAC, 'v1', plural);
  if (found === undefined) throw new Error(`no resource ${plural}`);
  return found;
}

function rulesOf(store: Store, binding: ApiObject): readonly Rule[] {
  const namespace = binding.metadata.namespace ?? '';
  const cluster = textAt(binding, 'roleRef', 'kind') === 'ClusterRole';
  const role = store.get(
    rbac(cluster ? 'clusterroles' : 'roles'),
    cluster ? '' : namespace,
    textAt(binding, 'roleRef', 'name'),
  );
  const rules = at(role, 'rules');
  const list = Array.isArray(rules) ? (rules.filter(isObject) as JsonObject[]) : [];
  return list.map((rule) => ({ ...(rule as unknown as Rule), ...(namespace === '' ? {} : { namespace }) }));
}

function boundRules(store: Store, user: User): readonly Rule[] {
  return ['clusterrolebindings', 'rolebindings'].flatMap((plural) =>
    store.list(rbac(plural), '').flatMap((binding) => {
      const subjects = at(binding, 'subjects');
      const bound =
        Array.isArray(subjects) && subjects.some((s) => isSubject(s, user, binding.metadata.namespace ?? ''));
      return bound ? rulesOf(store, binding) : [];
    }),
  );
}

/** What `system:basic-user` lets everybody do who is authenticated: ask about himself. */
const BASIC_RULES: readonly Rule[] = [
  {
    verbs: ['create'],
    apiGroups: ['authorization.k8s.io'],
    resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
  },
  { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'] },
];

/** All that holds for the user, in the namespace or cluster-wide. */
export function rulesFor(store: Store, user: User): readonly Rule[] {
  const basic = user.groups.includes('system:authenticated') ? BASIC_RULES : [];
  return [...basic, ...user.rules, ...boundRules(store, user)];
}

export function mayDo(store: Store, user: User, asked: Attributes): boolean {
  if (user.groups.includes('system:masters')) return true;
  return rulesFor(store, user).some((rule) => allows(rule, asked));
}

export function mayGetPath(store: Store, user: User, verb: string, path: string): boolean {
  const under = (roots: readonly string[]): boolean =>
    roots.some((root) => path === root || path.startsWith(`${root}/`));
  if (user.groups.includes('system:masters') || (verb === 'get' && under(PUBLIC_PATHS))) return true;
  if (verb === 'get' && user.groups.includes('system:authenticated') && under(DISCOVERY_PATHS)) return true;
  return rulesFor(store, user).some(
    (rule) =>
      has(rule.verbs, verb) &&
      (rule.nonResourceURLs?.some((url) => url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1)))) ??
        false),
  );
}

/** 403 for a resource. It is decided before anybody looks whether the object, or even the kind, exists. */
export function forbidden(user: User, asked: Attributes): Refusal {
  const { group, resource, subresource, namespace, name, verb } = asked;
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${quote(namespace)}`;
  const subject = `${qualifiedPlural({ group, plural: resource })}${name === '' ? '' : ` ${quote(name)}`}`;
  return refuse({
    code: 403,
    reason: 'Forbidden',
    message: `${subject} is forbidden: User ${quote(user.name)} cannot ${verb} resource ${quote(what)} in API group ${quote(group)} ${where}`,
    details: { ...(name === '' ? {} : { name }), ...(group === '' ? {} : { group }), kind: resource },
    headers: NOT_SNIFFED,
  });
}

/** For what an operation needs beside its own verb. @throws Refusal 403 */
export function checkRight(
  store: Store,
  request: { readonly user: User; readonly resource: Resource; readonly namespace: string; readonly name: string },
  verb: string,
): void {
  const { user, resource, namespace, name } = request;
  const asked = { verb, group: resource.group, resource: resource.plural, subresource: '', namespace, name };
  if (!mayDo(store, user, asked)) throw forbidden(user, asked);
}

export function forbiddenPath(user: User, verb: string, path: string): Refusal {
  return refuse({
    code: 403,
    reason: 'Forbidden',
    message: `forbidden: User ${quote(user.name)} cannot ${verb} path ${quote(path)}`,
    details: {},
    headers: NOT_SNIFFED,
  });
}
