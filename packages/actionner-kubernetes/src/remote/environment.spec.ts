import { expect, it } from 'vitest';
import { ENVIRONMENT_BYTES, remoteEnvironment, VALUE_BYTES } from './environment.ts';

const of = (...tokens: readonly (readonly [string, string])[]) => remoteEnvironment(new Map(tokens));

it('exports values as they are', () => {
  const tokens = [
    ['PROC_NAME', '$(reboot)'],
    ['EMPTY', ''],
    ['HOSTNAME', 'node-1'],
    ['AWS_REGION', 'eu-west-1'],
    ['PID', '1'],
    ['GROUP_GID', '0'],
    ['NODE_ROLE', 'worker'],
    ['PROC_PID', '7'],
    ['K8S_POD_NAME', 'cart-0'],
    ['FALCO_TALON_RULE', 'a rule'],
  ] as const;
  const { exported, withheld } = of(...tokens);
  expect(Object.fromEntries(exported)).toEqual(Object.fromEntries(tokens));
  expect(withheld).toBeUndefined();
});

it('leaves out what cannot be a variable, and says so', () => {
  const { exported, withheld } = of(
    ['NUL', 'a\0b'],
    ['LONG', 'é'.repeat(VALUE_BYTES / 2) + 'x'],
    ['FITS', 'é'.repeat(VALUE_BYTES / 2)],
  );
  expect([...exported.keys()]).toEqual(['FITS']);
  expect(withheld).toBe('not exported: NUL (holds NUL), LONG (more than 64 KiB)');
});

const RESERVED =
  'PATH HOME IFS ENV BASH_ENV BASH_FUNC_LS PS4 SHELLOPTS UID PPID OPTIND _ LD_PRELOAD LD_LIBRARY_PATH LC_ALL LANG HTTPS_PROXY PYTHONPATH PERL5LIB NODE_OPTIONS GIT_SSH_COMMAND JAVA_TOOL_OPTIONS TMPDIR ' +
  'GID EGID EXECSHELL ZDOTDIR NULLCMD MODULE_PATH BB_GLOBALS AWKLIBPATH DOTNET_STARTUP_HOOKS RUSTC_WRAPPER GRADLE_OPTS MAKEFLAGS ' +
  'NODE_TLS_REJECT_UNAUTHORIZED NPM_CONFIG_PREFIX KUBECONFIG KUBERNETES_SERVICE_HOST DOCKER_HOST AWS_ENDPOINT_URL SSH_ASKPASS ' +
  'SUDO_ASKPASS RSYNC_RSH PGHOST NETRC MANPAGER LIBPATH YASH_LOADPATH';

it.each([...RESERVED.split(' '), 'a', 'A-B', '1A', 'A B', 'A=B', 'A;id', ''])('never sets %j', (name) => {
  const { exported, withheld } = of([name, 'evil']);
  expect([...exported.keys()]).toEqual([]);
  expect(withheld).toContain('(reserved name)');
});

it('bounds all values together: the small ones stay', () => {
  const big = Array.from({ length: 20 }, (_, n) => [`BIG_${n}`, 'x'.repeat(60_000)] as const);
  const { exported, withheld } = of(...big, ['PROC_NAME', 'sh']);
  expect(exported.get('PROC_NAME')).toBe('sh');
  const bytes = [...exported].reduce((sum, [name, value]) => sum + name.length + value.length + 2, 0);
  expect(bytes).toBeLessThanOrEqual(ENVIRONMENT_BYTES);
  expect(exported.size).toBe(9);
  expect(withheld).toMatch(/^not exported: (BIG_[0-9]+ \(no room left\)(, )?){5} and 7 more$/);
});
