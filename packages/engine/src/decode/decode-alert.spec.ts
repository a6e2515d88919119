import { fieldText, podName, TalonError, type FalcoEvent } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { decodeAlert } from './decode-alert.ts';

const receipt = { id: 'e1', traceId: '0'.repeat(31) + '1', receivedAt: 1_700_000_000_000 };
const decode = (body: string | Uint8Array): FalcoEvent =>
  decodeAlert(typeof body === 'string' ? Buffer.from(body) : body, receipt);
const decodeJson = (alert: unknown): FalcoEvent => decode(JSON.stringify(alert));
const refusal = (body: string): string => {
  try {
    decode(body);
  } catch (error) {
    if (error instanceof TalonError && error.code === 'invalid_event' && !error.retryable) return error.message;
    throw error;
  }
  throw new Error('was accepted');
};

describe('alerts as Falco and its relatives send them', () => {
  it('reads a syscall alert without losing a digit, a key or a null', () => {
    const event = decode(`{
      "hostname": "node-7", "priority": "Notice", "rule": "Terminal shell in container", "source": "syscall",
      "output": "13:44:05.478445995: Notice A shell was spawned (user=root)", "time": "2026-05-25T13:44:05.478445995Z",
      "tags": ["container", "shell", "T1059-x"], "uuid": "3f0e",
      "output_fields": {"evt.time": 1685022245478445995, "container.image.repository": null, "k8s.pod.name": "cart",
        "proc.aname[2]": "sudo", "user.loginuid": -1, "rate": 1846.40, "big": 1e400, "n drops/buffer?clone{x]": "0", "empty": ""}
    }`);
    expect(event).toMatchObject({
      ...receipt,
      rule: 'Terminal shell in container',
      priority: 'Notice',
      priorityText: 'Notice',
      source: 'syscall',
      output: 'A shell was spawned (user=root)',
      hostname: 'node-7',
      time: '2026-05-25T13:44:05.478445995Z',
      tags: ['container', 'shell', 'T1059-x'],
    });
    const shown = Object.fromEntries([...event.fields.keys()].map((key) => [key, fieldText(event, key)]));
    expect(shown).toEqual({
      'evt.time': '1685022245478445995',
      'container.image.repository': undefined,
      'k8s.pod.name': 'cart',
      'proc.aname[2]': 'sudo',
      'user.loginuid': '-1',
      rate: '1846.40',
      big: '1e400',
      'n drops/buffer?clone{x]': '0',
      empty: '',
    });
    expect(event.fields.get('container.image.repository')).toBeNull();
    expect(JSON.stringify(Object.fromEntries(event.fields))).toContain('"evt.time":1685022245478445995');
    expect(event.extra.get('uuid')).toBe('3f0e');
  });

  it('reads an audit alert with an empty text and bracketed keys', () => {
    const event = decodeJson({
      rule: 'Attach/Exec Pod',
      source: 'k8saudit',
      output_fields: {
        'ka.target.name': 'cart',
        'ka.target.resource': 'pods',
        'ka.uri.param[command]': 'sh',
        'ka.auth.reason': '',
      },
    });
    expect(event.source).toBe('k8s_audit');
    expect(podName(event)).toBe('cart');
    expect(event.fields.get('ka.uri.param[command]')).toBe('sh');
    expect(event.fields.get('ka.auth.reason')).toBe('');
  });

  it('needs nothing but the rule', () => {
    const event = decodeJson({ rule: 'Falco internal: metrics snapshot' });
    expect(event).toMatchObject({
      priority: undefined,
      priorityText: '',
      source: 'syscall',
      output: '',
      hostname: '',
      time: '',
      tags: [],
    });
    expect([event.fields.size, event.context.size, event.extra.size]).toEqual([0, 0, 0]);
  });

  it('takes null as absent', () => {
    const event = decodeJson({
      rule: 'r',
      priority: null,
      output: null,
      time: null,
      source: null,
      hostname: null,
      tags: null,
      output_fields: null,
      context: null,
    });
    expect(event).toMatchObject({ priority: undefined, source: 'syscall', output: '', tags: [] });
    expect(event.fields.size).toBe(0);
  });

  it('reads keys in any case, the exact one first', () => {
    const event = decodeJson({ Rule: 'wrong', RULE: 'worse', rule: 'right', Output_Fields: { K: 1 }, PRIORITY: 'x' });
    expect(event.rule).toBe('right');
    expect(event.fields.get('K')).toBe(1);
    expect(event.priorityText).toBe('x');
    expect(decodeJson({ RULE: 'first', Rule: 'second' }).rule).toBe('first');
    expect(event.extra.size).toBe(0);
  });

  it.each([
    ['CRITICAL', 'Critical'],
    ['info', 'Informational'],
    ['Info', 'Informational'],
    ['informational', 'Informational'],
    ['Debug', 'Debug'],
    ['loud', undefined],
    [3, undefined],
  ])('reads priority %j as %j', (sent, read) => {
    const event = decodeJson({ rule: 'r', priority: sent });
    expect(event.priority).toBe(read);
    expect(event.priorityText).toBe(String(sent));
  });

  it.each([
    ['', 'syscall'],
    ['syscalls', 'syscall'],
    ['k8saudit', 'k8s_audit'],
    ['k8s_audit', 'k8s_audit'],
    ['okta', 'okta'],
  ])('reads source %j as %s', (sent, read) => expect(decodeJson({ rule: 'r', source: sent }).source).toBe(read));

  it.each(['2021-04-13T20:58:00.746609046Z+2', 'yesterday', 1_700_000_000, {}])(
    'keeps the odd time %j as text',
    (time) => {
      expect(decodeJson({ rule: 'r', time }).time).toBe(typeof time === 'string' ? time : JSON.stringify(time));
    },
  );

  it('cuts the time of the text and keeps what looks alike', () => {
    expect(decodeJson({ rule: 'r', output: '14:09:17.699479000: Informational K8s' }).output).toBe('K8s');
    expect(decodeJson({ rule: 'r', output: '14:09:17.699479000: Infox K8s' }).output).toBe(
      '14:09:17.699479000: Infox K8s',
    );
  });

  it("keeps unknown keys and the sender's context", () => {
    const event = decode('{"rule":"r","Custom":{"n":12345678901234567890},"context":{"a.b":true,"n":0.10}}');
    expect(JSON.stringify([...event.extra])).toBe('[["Custom",{"n":12345678901234567890}]]');
    expect(JSON.stringify([...event.context])).toBe('[["a.b",true],["n",0.10]]');
  });

  it('keeps tags as texts', () => {
    expect(decodeJson({ rule: 'r', tags: ['a', 5, null, ['b']] }).tags).toEqual(['a', '5', '["b"]']);
  });

  it('reads bytes that are no UTF-8, and a byte order mark', () => {
    const event = decode(
      Buffer.concat([Buffer.from('{"rule":"r","hostname":"a'), Buffer.from([0xff]), Buffer.from('b"}')]),
    );
    expect(event.hostname).toBe('a\uFFFDb');
    expect(decode('\uFEFF{"rule":"r"}').rule).toBe('r');
  });

  it('takes the last of duplicate keys', () => {
    const event = decode('{"rule":"a","rule":"b","output_fields":{"n":1,"n":1.0}}');
    expect(event.rule).toBe('b');
    expect(fieldText(event, 'n')).toBe('1.0');
  });

  it('takes __proto__ as a key like any other', () => {
    const event = decode(
      '{"rule":"r","__proto__":{"polluted":1},"output_fields":{"__proto__":{"polluted":1},"constructor":"c"}}',
    );
    expect([...event.extra.keys()]).toEqual(['__proto__']);
    expect([...event.fields.keys()]).toEqual(['__proto__', 'constructor']);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(fieldText(event, 'toString')).toBeUndefined();
  });
});

describe('what is no alert', () => {
  it.each([
    ['', 'not JSON'],
    ['{"rule":"r"', 'not JSON'],
    ['{"rule":"r"}x', 'not JSON'],
    ['{"rule":"a\u0000b"}', 'not JSON'],
    ['[]', 'one JSON object, not a list'],
    ['null', 'one JSON object, not null'],
    ['"text"', 'one JSON object, not a text'],
    ['5', 'one JSON object, not a number'],
    ['1e309', 'one JSON object, not a number'],
    ['{}', '"rule" must be the name of a Falco rule, not absent'],
    ['{"rule":null}', 'not null'],
    ['{"rule":""}', 'not an empty text'],
    ['{"rule":1e309}', 'not a number'],
    ['{"rule":["r"]}', 'not a list'],
    ['{"rule":"r","tags":"a,b"}', '"tags" must be a list of texts, not a text'],
    ['{"rule":"r","output_fields":[]}', '"output_fields" must be an object, not a list'],
    ['{"rule":"r","output_fields":1.0}', '"output_fields" must be an object, not a number'],
    ['{"rule":"r","output_fields":true}', '"output_fields" must be an object, not a boolean'],
    ['{"rule":"r","context":"x"}', '"context" must be an object, not a text'],
  ])('%s', (body, words) => expect(refusal(body)).toContain(words));

  it('says little about a long body', () => {
    expect(refusal(`{"rule": ${'x'.repeat(100_000)}}`).length).toBeLessThan(300);
  });

  it.each([
    ['[', ''],
    ['{"a":', ''],
    ['[{"a":', ''],
    ['[', ']'],
    ['{"a":', '}'],
  ])('200,000 levels of %s closed by %j', (opening, closing) => {
    const nested = `${opening.repeat(200_000)}1${closing.repeat(200_000)}`;
    expect(refusal(`{"rule":"r","output_fields":{"x":${nested}}}`)).toContain('nested');
  });

  it('counts no brackets inside texts', () => {
    const text = '[{"\\'.repeat(1000);
    expect(decodeJson({ rule: 'r', output: text }).output).toBe(text);
    expect(decodeJson({ rule: 'r', output: '\\' }).output).toBe('\\');
  });

  it('reads a text of backslashes in linear time', () => {
    const text = '\\"'.repeat(250_000);
    expect(decodeJson({ rule: 'r', output: text }).output).toHaveLength(500_000);
  });
});
