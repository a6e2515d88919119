import { describe, expect, it } from 'vitest';
import { served } from '../lifecycle/testing-served.ts';
import { CONFIG, RULES, run } from './testing-program.ts';

const FILES = { 'rules.yaml': RULES, tokens: 'short\n', users: 'falco:password\n', 'key.pem': 'no key' };
const check = (config: string, environment = {}) =>
  run(['check'], { ...FILES, 'config.yaml': `${CONFIG}${config}` }, { environment });
const auth = (settings: string) => `intake: { auth: { ${settings} } }\n`;

describe('check', () => {
  it.each([
    [auth('token_files: [tokens]'), /error: intake\.auth\.token_files: .*tokens, line 1: has fewer than 16 characters/],
    [auth('basic_files: [tokens]'), /error: intake\.auth\.basic_files: .*line 1: is not written as user:password/],
    [
      auth('allowed_senders: [10.0.0.0/33]'),
      /error: intake\.auth\.allowed_senders: "10\.0\.0\.0\/33" is no address range/,
    ],
    ['intake: { tls: { cert_file: users } }\n', /error: intake\.tls: cert_file and key_file go together/],
    [
      'intake: { tls: { cert_file: users, key_file: key.pem } }\n',
      /error: intake\.tls\.cert_file: .*holds no certificate/,
    ],
    ['intake: { require_auth: true }\n', /error: everybody who can reach 0\.0\.0\.0 could send alerts/],
  ])('says what the server would not start with: %j', async (config, problem) => {
    const { code, stderr } = await check(config);
    expect([code, stderr.match(/^error:/gm)]).toEqual([1, ['error:']]);
    expect(stderr).toMatch(problem);
    const { ran } = served([], { ...FILES, 'config.yaml': `${CONFIG}${config}listen_port: 0\ndata_directory: d\n` });
    const started = await ran;
    expect(started.code).toBe(1);
    // The same words, but for the directory of the files.
    expect(started.stderr).toMatch(new RegExp(problem.source.replace('error: ', '')));
  });

  it('says all of it at once, with what is wrong in the rules', async () => {
    const config = auth('token_files: [tokens], basic_files: [tokens], allowed_senders: [x, y]');
    const { stderr } = await run(['check'], {
      ...FILES,
      'rules.yaml': '- rulez: x\n',
      'config.yaml': `${CONFIG}${config}`,
    });
    for (const text of ['rules.yaml:1:3', 'token_files', 'basic_files', '"x" is no', '"y" is no'])
      expect(stderr).toContain(text);
  });

  it('takes a file that is not here for one of the machine the server runs on', async () => {
    const config = `${auth('basic_files: [/run/gone/users]').replace(' }\n', '')}, tls: { cert_file: c, key_file: k }, require_auth: true }\n`;
    const { code, stderr, stdout } = await check(config);
    expect([code, stdout]).toEqual([0, 'the rules are valid: 1 rule in 1 file\n']);
    expect(stderr.match(/^warning: intake\.\S+: .*: there is no such file$/gm)).toHaveLength(2);
  });

  it('says nothing about a door that is as it should be, from files and from the environment', async () => {
    const config = 'intake: { require_auth: true, auth: { basic_files: [users] } }\n';
    expect(await check(config)).toMatchObject({ code: 0, stderr: '' });
    const environment = { FALCO_TALON_INTAKE_AUTH_TOKENS: 'a-token-of-many-characters' };
    expect(await check('intake: { require_auth: true }\n', environment)).toMatchObject({ code: 0, stderr: '' });
    expect((await check('', { FALCO_TALON_INTAKE_AUTH_TOKENS: 'secret-1' })).stderr).not.toContain('secret-1');
  });
});
