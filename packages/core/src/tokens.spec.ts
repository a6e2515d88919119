import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expandTokens, respellOwnTokens, tokenName, type TalonError } from './index.ts';

describe('tokenName', () => {
  it.each([
    ['proc.name', 'PROC_NAME'],
    ['proc.args[0]', 'PROC_ARGS_0'],
    ['k8s.ns.label[a-b/c]', 'K8S_NS_LABEL_A_B_C'],
    ['n drops/buffer?clone{fork]enter', 'N_DROPS_BUFFER_CLONE_FORKENTER'],
    ['gcp.userAgent ', 'GCP_USERAGENT_'],
    ['falco-talon.rule', 'FALCO_TALON_RULE'],
    ['1st', '_1ST'],
    ['straße', 'STRASSE'],
    ['', '_'],
    [']', '_'],
  ])('of %j is %j', (field, name) => {
    expect(tokenName(field)).toBe(name);
  });

  it('is always a name a shell can hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (field) => {
        expect(tokenName(field)).toMatch(/^[A-Z_][A-Z0-9_]*$/);
      }),
    );
  });
});

it.each([
  ['echo ${FALCO-TALON_RULE}', 'echo ${FALCO_TALON_RULE}'],
  ['${FALCO-TALON_RULE_ACTION:-x} ${FALCO-TALON_RULE}', '${FALCO_TALON_RULE_ACTION:-x} ${FALCO_TALON_RULE}'],
  ['${FALCO-TALON_} ${FALCO-default} $FALCO-TALON_RULE $&', '${FALCO-TALON_} ${FALCO-default} $FALCO-TALON_RULE $&'],
])('respells %j as %j', (text, expected) => {
  expect(respellOwnTokens(text)).toBe(expected);
});

describe('expandTokens', () => {
  const tokens = new Map([
    ['FD_NAME', '/etc/shadow'],
    ['FALCO_TALON_RULE', 'a rule'],
    ['EVIL', '${FD_NAME} $& $1 $(reboot)'],
    ['EMPTY', ''],
  ]);

  it.each([
    ['${FD_NAME}', '/etc/shadow'],
    ['a${FD_NAME}b${EMPTY}c', 'a/etc/shadowbc'],
    ['${fd.name}', '/etc/shadow'],
    ['${FALCO-TALON_RULE}', 'a rule'],
    ['$FD_NAME $1 $$ $HOME $(id) {FD_NAME}', '$FD_NAME $1 $$ $HOME $(id) {FD_NAME}'],
    ['${FD_NAME', '${FD_NAME'],
  ])('makes %j %j', (text, expected) => {
    expect(expandTokens(text, tokens)).toBe(expected);
  });

  it('does not look at a value again', () => {
    expect(expandTokens('${EVIL}', tokens)).toBe('${FD_NAME} $& $1 $(reboot)');
  });

  it.each(['${HOME}', '${PATH}', '${}', '${FD_NAME:-x}', '${__proto__}'])('refuses %j', (text) => {
    let thrown: unknown;
    try {
      expandTokens(text, tokens);
    } catch (error) {
      thrown = error;
    }
    expect((thrown as TalonError).code).toBe('unknown_token');
    expect((thrown as TalonError).message).toContain(text);
  });
});
