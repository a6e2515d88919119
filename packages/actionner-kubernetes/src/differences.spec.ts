import { describe, expect, it } from 'vitest';
import plugin from './index.ts';

type Parameters = Readonly<Record<string, unknown>>;

/** The differences from the Go engine that concern an action written like this. */
function concerning(name: string, parameters: Parameters, beside = {}): readonly string[] {
  const { differences = [] } = plugin.actionners!.find((actionner) => actionner.name === name)!;
  const written = { parameters, continue: undefined, isLast: false, ...beside };
  return differences.filter(({ applies }) => applies?.(written) ?? true).map(({ id }) => id);
}

const HERE = { container: 'app', timeout: 5 };

describe('a difference from the Go engine', () => {
  it.each<[string, string, has: Parameters, hasNot: Parameters]>([
    ['terminate', 'grace-period', {}, { grace_period_seconds: 0 }],
    ['terminate', 'minimum', { min_healthy_replicas: 2 }, { min_healthy_replicas: '50%' }],
    ['terminate', 'minimum', { min_healthy_replicas: '2' }, {}],
    ['terminate', 'minimum-percent', { min_healthy_replicas: '50%' }, { min_healthy_replicas: '2' }],
    ['terminate', 'minimum-percent-others', { min_healthy_replicas: '50%' }, {}],
    ['drain', 'daemonsets', {}, { ignore_daemonsets: false }],
    ['drain', 'minimum', { min_healthy_replicas: 1 }, {}],
    ['drain', 'minimum-percent', { min_healthy_replicas: '1%' }, { min_healthy_replicas: '1' }],
    ['drain', 'wait', {}, { max_wait_period: 0 }],
    ['drain', 'wait-excluded', { wait_period_excluded_namespaces: ['a'] }, {}],
    ['label', 'value-type', { labels: { suspicious: true } }, { labels: { suspicious: 'true' } }],
    ['label', 'key-pod', { labels: { pod: 'x' } }, { labels: { pod: '' } }],
    ['annotation', 'value-type', { annotations: { a: 1 } }, { annotations: { a: '' } }],
    ['networkpolicy', 'scope', {}, { scope: 'workload' }],
    ['networkpolicy', 'allowed-namespaces', { allow_namespaces: ['a'] }, { allow_cidr: ['10.0.0.0/8'] }],
    ['exec', 'variables', { command: "echo '$PROC_NAME'" }, { command: 'echo $(id)' }],
    ['exec', 'container', { command: 'id' }, { command: 'id', ...HERE }],
    ['exec', 'timeout', { command: 'id' }, { command: 'id', ...HERE }],
    ['script', 'variables', { script: 'echo ${1}' }, { script: 'echo 5$' }],
    ['script', 'file-variables', { file: '/a' }, { script: 'id' }],
    ['download', 'variables', { file: '${FD_NAME}' }, { file: '/etc/passwd' }],
    ['download', 'container', { file: '/a' }, { file: '/a', container: 'app' }],
    ['log', 'container', {}, { container: 'app' }],
    ['log', 'no-lines', { tail_lines: 0 }, { tail_lines: 20 }],
    ['tcpdump', 'snaplen', {}, { snaplen: 0 }],
    ['tcpdump', 'long', { duration: '61' }, { duration: 60 }],
    ['tcpdump', 'image', {}, { image: 'a/b:1' }],
  ])('%s: %s concerns an action that says %j, not one that says %j', (name, id, has, hasNot) => {
    expect(concerning(name, has)).toContain(id);
    expect(concerning(name, hasNot)).not.toContain(id);
  });

  it.each(['tcpdump', 'sysdig'])('%s: the rule goes on, where it says nothing else and something follows', (name) => {
    expect(concerning(name, {})).toContain('continue');
    expect(concerning(name, {}, { isLast: true })).not.toContain('continue');
    expect(concerning(name, {}, { continue: false })).not.toContain('continue');
  });

  it('concerns every action of some', () => {
    expect(concerning('delete', {})).toEqual(['kinds', 'protected']);
    expect(concerning('sysdig', { image: 'a/b:1' }, { isLast: true })).toEqual(['namespace']);
    expect(concerning('drain', { max_wait_period: 1, ignore_daemonsets: true })).toEqual(['cordon', 'protected']);
  });
});
