import type { JsonObject } from '../json.ts';
import { at, isObject, quote, textAt } from '../json.ts';

export type Level = 'privileged' | 'baseline' | 'restricted';

/** What a check found: the reason and, in brackets, its detail. `undefined`: the pod passes. */
type Finding = readonly [reason: string, detail: string] | undefined;
type Check = (spec: JsonObject) => Finding;

const items = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** In the order in which the server visits them. */
function containers(spec: JsonObject): readonly JsonObject[] {
  return ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) => items(spec[list]));
}

const quoted = (names: readonly string[]): string => names.map(quote).join(', ');
const sorted = (values: Iterable<string>): readonly string[] => [...new Set(values)].toSorted();
const named = (all: readonly JsonObject[]): string =>
  `${all.length === 1 ? 'container' : 'containers'} ${quoted(all.map((one) => textAt(one, 'name')))}`;
const strings = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);
const security = (of: JsonObject, field: string): unknown => at(of, 'securityContext', field);
const added = (one: JsonObject): readonly string[] => strings(at(one, 'securityContext', 'capabilities', 'add'));

/** A finding about the containers for which `is` holds. */
function about(reason: string, is: (one: JsonObject) => boolean, demand: string): Check {
  return (spec) => {
    const bad = containers(spec).filter(is);
    return bad.length === 0 ? undefined : [reason, `${named(bad)} ${demand}`];
  };
}

/** Pod and containers that set something they must not set. */
function setters(spec: JsonObject, is: (of: JsonObject) => boolean): string | undefined {
  const bad = containers(spec).filter(is);
  const all = [...(is(spec) ? ['pod'] : []), ...(bad.length === 0 ? [] : [named(bad)])];
  return all.length === 0 ? undefined : all.join(' and ');
}

const DEFAULT_CAPABILITIES =
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  );

const baselineCapabilities: Check = (spec) => {
  const extra = (one: JsonObject): readonly string[] =>
    added(one).filter((name) => !DEFAULT_CAPABILITIES.includes(name));
  const bad = containers(spec).filter((one) => extra(one).length > 0);
  if (bad.length === 0) return undefined;
  const detail = `${named(bad)} must not include ${quoted(sorted(bad.flatMap(extra)))} in securityContext.capabilities.add`;
  return ['non-default capabilities', detail];
};

const restrictedCapabilities: Check = (spec) => {
  const all = containers(spec);
  const extra = (one: JsonObject): readonly string[] => added(one).filter((name) => name !== 'NET_BIND_SERVICE');
  const keeping = all.filter((one) => !strings(at(one, 'securityContext', 'capabilities', 'drop')).includes('ALL'));
  const adding = all.filter((one) => extra(one).length > 0);
  const details = [
    ...(keeping.length === 0 ? [] : [`${named(keeping)} must set securityContext.capabilities.drop=["ALL"]`]),
    ...(adding.length === 0
      ? []
      : [
          `${named(adding)} must not include ${quoted(sorted(adding.flatMap(extra)))} in securityContext.capabilities.add`,
        ]),
  ];
  return details.length === 0 ? undefined : ['unrestricted capabilities', details.join('; ')];
};

const hostNamespaces: Check = (spec) => {
  const used = ['hostNetwork', 'hostPID', 'hostIPC'].filter((field) => spec[field] === true);
  return used.length === 0 ? undefined : ['host namespaces', used.map((field) => `${field}=true`).join(', ')];
};

const volumesNamed = (volumes: readonly JsonObject[]): string =>
  `${volumes.length === 1 ? 'volume' : 'volumes'} ${quoted(volumes.map((volume) => textAt(volume, 'name')))}`;

const hostPathVolumes: Check = (spec) => {
  const bad = items(spec['volumes']).filter((volume) => isObject(volume['hostPath']));
  return bad.length === 0 ? undefined : ['hostPath volumes', volumesNamed(bad)];
};

const ALLOWED_VOLUMES =
  'configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret'.split(' ');

const restrictedVolumes: Check = (spec) => {
  const kindOf = (volume: JsonObject): string => Object.keys(volume).find((key) => key !== 'name') ?? 'unknown';
  const bad = items(spec['volumes']).filter((volume) => !ALLOWED_VOLUMES.includes(kindOf(volume)));
  if (bad.length === 0) return undefined;
  const kinds = sorted(bad.map(kindOf));
  const uses = bad.length === 1 ? 'uses' : 'use';
  const types = kinds.length === 1 ? 'restricted volume type' : 'restricted volume types';
  return ['restricted volume types', `${volumesNamed(bad)} ${uses} ${types} ${quoted(kinds)}`];
};

const hostPorts: Check = (spec) => {
  const ports = (one: JsonObject): readonly string[] =>
    items(one['ports']).flatMap((port) =>
      typeof port['hostPort'] === 'number' && port['hostPort'] !== 0 ? [String(port['hostPort'])] : [],
    );
  const bad = containers(spec).filter((one) => ports(one).length > 0);
  if (bad.length === 0) return undefined;
  const all = sorted(bad.flatMap(ports));
  const uses = bad.length === 1 ? 'uses' : 'use';
  return ['hostPort', `${named(bad)} ${uses} ${all.length === 1 ? 'hostPort' : 'hostPorts'} ${all.join(', ')}`];
};

const runAsNonRoot: Check = (spec) => {
  const reason = 'runAsNonRoot != true';
  const refusing = setters(spec, (of) => security(of, 'runAsNonRoot') === false);
  if (refusing !== undefined) return [reason, `${refusing} must not set securityContext.runAsNonRoot=false`];
  if (security(spec, 'runAsNonRoot') === true) return undefined;
  const silent = containers(spec).filter((one) => security(one, 'runAsNonRoot') === undefined);
  return silent.length === 0
    ? undefined
    : [reason, `pod or ${named(silent)} must set securityContext.runAsNonRoot=true`];
};

const runAsUser: Check = (spec) => {
  const roots = setters(spec, (of) => security(of, 'runAsUser') === 0);
  return roots === undefined ? undefined : ['runAsUser=0', `${roots} must not set runAsUser=0`];
};

const profileOf = (of: JsonObject): string => textAt(of, 'securityContext', 'seccompProfile', 'type');
const unconfined = (of: JsonObject): boolean => !['', 'RuntimeDefault', 'Localhost'].includes(profileOf(of));

const baselineSeccomp: Check = (spec) => {
  const bad = setters(spec, unconfined);
  if (bad === undefined) return undefined;
  const types = sorted([spec, ...containers(spec)].filter(unconfined).map(profileOf));
  return ['seccompProfile', `${bad} must not set securityContext.seccompProfile.type to ${quoted(types)}`];
};

const restrictedSeccomp: Check = (spec) => {
  const bad = baselineSeccomp(spec);
  if (bad !== undefined || profileOf(spec) !== '') return bad;
  const silent = containers(spec).filter((one) => profileOf(one) === '');
  if (silent.length === 0) return undefined;
  const demand = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"';
  return ['seccompProfile', `pod or ${named(silent)} ${demand}`];
};

const appArmor: Check = (spec) => {
  const typeOf = (of: JsonObject): string => textAt(of, 'securityContext', 'appArmorProfile', 'type');
  const bad = (of: JsonObject): boolean => !['', 'RuntimeDefault', 'Localhost'].includes(typeOf(of));
  const who = setters(spec, bad);
  if (who === undefined) return undefined;
  const types = sorted([spec, ...containers(spec)].filter(bad).map(typeOf));
  return ['forbidden AppArmor profile', `${who} must not set AppArmor profile type to ${quoted(types)}`];
};

const privileged = about(
  'privileged',
  (one) => security(one, 'privileged') === true,
  'must not set securityContext.privileged=true',
);
const escalation = about(
  'allowPrivilegeEscalation != false',
  (one) => security(one, 'allowPrivilegeEscalation') !== false,
  'must set securityContext.allowPrivilegeEscalation=false',
);

/** Of the standards' checks those a test of ours can meet, in the server's order. https://kubernetes.io/docs/concepts/security/pod-security-standards */
const CHECKS: Readonly<Record<Exclude<Level, 'privileged'>, readonly Check[]>> = {
  baseline: [appArmor, baselineCapabilities, hostNamespaces, hostPathVolumes, hostPorts, privileged, baselineSeccomp],
  restricted: [
    appArmor,
    hostNamespaces,
    hostPorts,
    privileged,
    escalation,
    restrictedCapabilities,
    restrictedVolumes,
    runAsNonRoot,
    runAsUser,
    restrictedSeccomp,
  ],
};

/** What of a pod the level forbids, in the server's words; empty when nothing. */
export function violations(level: Level, spec: JsonObject): string {
  if (level === 'privileged') return '';
  const found = CHECKS[level].flatMap((check) => {
    const finding = check(spec);
    return finding === undefined ? [] : [`${finding[0]} (${finding[1]})`];
  });
  return found.join(', ');
}
