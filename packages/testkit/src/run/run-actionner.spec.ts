import { defineActionner, defineClient, podTarget, strictObject, TalonError, Type } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { falcoEvent, withFields } from '../events/falco-event.ts';
import { askSettled, undoActionner } from './after-run.ts';
import { runActionner } from './run-actionner.ts';
import { TEST_TIME } from './scope.ts';

const calls: string[] = [];
const shelf = defineClient({
  id: 'shelf',
  section: 'shelf',
  settings: strictObject({ size: Type.Integer(), label: Type.String({ default: 'none' }) }),
  async create({ settings, environment }) {
    calls.push(`create ${settings.size} ${settings.label} ${environment.variables['HOME'] ?? 'homeless'}`);
    return { put: (item: string) => void calls.push(`put ${item}`) };
  },
  reads: () => {
    calls.push('view');
    return { look: async () => 'empty' };
  },
  close: async () => void calls.push('close'),
});

const put = defineActionner({
  name: 'put',
  description: 'Puts the pod on the shelf.',
  stability: 'alpha',
  sources: 'any',
  continue: true,
  output: 'allowed',
  parameters: strictObject({ times: Type.Integer({ default: 1 }), mode: Type.String({ default: '' }) }),
  uses: { shelf },
  facts: strictObject({ found: Type.String() }),
  requiredFields: ['k8s.ns.name', ['k8s.pod.name', 'ka.target.pod.name']],
  idempotent: true,
  permissions: [],
  examples: [{ description: 'Once', parameters: { times: 1, mode: '' } }],
  validate: ({ times }) => (times < 0 ? [{ path: ['times'], message: 'must not be negative' }] : []),
  timeLimit: ({ mode }) => (mode === 'slow' ? 5 : 60_000),
  target: ({ event }) => podTarget(event),
  async check({ reads, parameters }) {
    calls.push('check');
    if (parameters.mode === 'full') return { ignored: 'the shelf is full' };
    return { facts: { found: `${await reads.shelf.look()} ${await reads.shelf.look()}` } };
  },
  async run({ clients, facts, parameters, tokens, keep, hasOutput, step, now, logger, span, signal }) {
    if (parameters.mode === 'slow')
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
    if (parameters.mode === 'gone') throw new TalonError('target_gone', 'no such shelf');
    if (parameters.mode === 'odd') return { status: 'done', message: 'x' } as never;
    if (parameters.mode === 'bug') throw new TypeError('undefined is not a function');
    await span('put', async () => clients.shelf.put(tokens().get('K8S_POD_NAME') ?? ''));
    logger.info('put', { rule: step.rule, at: now() });
    if (hasOutput || parameters.mode === 'pushy') {
      await keep(
        { name: 'a.txt', mediaType: 'text/plain' },
        (async function* () {
          yield Buffer.from('hello');
          yield Buffer.from(' world');
        })(),
      );
    }
    return { status: 'success', message: `put, was ${facts.found}`, objects: { id: step.id }, output: 'ok' };
  },
  settled: async ({ facts }) => (facts.found === 'known' ? 'done' : 'again'),
  undo: async ({ facts }) => ({ status: 'success', message: `taken back: ${facts.found}` }),
});

const settings = { shelf: { size: '3' } };
const run = (
  options: Parameters<
    typeof runActionner<typeof put.parameters, NonNullable<typeof put.facts>, { shelf: typeof shelf }>
  >[1] = {},
) => {
  calls.length = 0;
  return runActionner(put, { settings, ...options });
};

describe('runActionner', () => {
  it('creates clients from fitted settings, checks, runs and closes', async () => {
    const outcome = await run({
      event: falcoEvent({ id: 'e1' }),
      environment: { variables: { HOME: '/root' }, homeDirectory: '/root' },
    });
    expect(calls).toEqual(['create 3 none /root', 'check', 'view', 'put cart-x2x9z', 'close']);
    expect(outcome).toMatchObject({
      status: 'success',
      message: 'put, was empty empty',
      objects: { id: 'e1/Test rule/Test action/0' },
      output: 'ok',
      error: undefined,
      facts: { found: 'empty empty' },
      target: { kind: 'pod', name: 'cart-x2x9z' },
      artifacts: [],
      lines: [{ level: 'info', message: 'put', fields: { rule: 'Test rule', at: TEST_TIME } }],
      spans: ['put'],
    });
  });

  it('never comes to run in a dry run', async () => {
    const outcome = await run({ dryRun: true, parameters: { times: 2 } });
    expect(outcome).toMatchObject({ status: 'dry_run', message: 'would run put with {"times":2,"mode":""}' });
    expect(calls).toContain('check');
    expect(calls).not.toContain('put cart-x2x9z');
  });

  it.each([undefined, null, '', '<NA>'])(
    'names every missing field, and calls nothing, when they are %j',
    async (value) => {
      const event = withFields(falcoEvent(), { 'k8s.pod.name': value, 'k8s.ns.name': value });
      const outcome = await run({ event });
      expect(outcome.error?.code).toBe('missing_field');
      expect(outcome.message).toBe('the alert lacks k8s.ns.name, k8s.pod.name or ka.target.pod.name');
      expect(calls).not.toContain('check');
      expect(calls.at(-1)).toBe('close');
    },
  );

  it('turns each end into an outcome', async () => {
    expect(await run({ parameters: { mode: 'full' } })).toMatchObject({
      status: 'ignored',
      message: 'the shelf is full',
    });
    expect(await run({ parameters: { mode: 'gone' } })).toMatchObject({
      status: 'failure',
      error: { code: 'target_gone' },
    });
    expect(await run({ parameters: { mode: 'bug' } })).toMatchObject({
      status: 'failure',
      error: { code: 'plugin_failed' },
    });
    expect(await run({ parameters: { mode: 'odd' } })).toMatchObject({
      status: 'failure',
      error: { code: 'plugin_failed' },
    });
    expect(await run({ parameters: { mode: 'slow' } })).toMatchObject({
      status: 'failure',
      error: { code: 'timeout' },
    });
    expect(await run({ signal: AbortSignal.abort() })).toMatchObject({ status: 'failure', error: { code: 'aborted' } });
  });

  it('keeps artifacts when the action has an output, cut at the limit', async () => {
    const { artifacts } = await run({ hasOutput: true });
    expect(artifacts).toHaveLength(1);
    expect(artifacts[0]).toMatchObject({ name: 'a.txt', bytes: 11, truncated: false });
    expect(artifacts[0]?.sha256).toBe('b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9');
    const cut = await run({ hasOutput: true, artifactLimit: 7 });
    expect(cut.artifacts[0]).toMatchObject({ bytes: 7, truncated: true, body: Buffer.from('hello w') });
    expect(await run({ parameters: { mode: 'pushy' } })).toMatchObject({ error: { code: 'plugin_failed' } });
  });

  it('uses fakes as they are, and facts of an earlier attempt without asking again', async () => {
    const taken: string[] = [];
    const outcome = await run({
      settings: {},
      clients: { shelf: { put: (item) => void taken.push(item) } },
      facts: { found: 'journalled' },
    });
    expect(outcome.message).toBe('put, was journalled');
    expect(taken).toEqual(['cart-x2x9z']);
    expect(calls).toEqual([]);
  });

  it('rejects what no rule or config could say', async () => {
    await expect(run({ parameters: { tims: 1 } })).rejects.toThrow(
      'parameters of put: tims unknown key "tims"; did you mean times?',
    );
    await expect(run({ parameters: { times: -1 } })).rejects.toThrow('times must not be negative');
    await expect(run({ settings: {} })).rejects.toThrow('settings of client shelf: size is missing');
  });

  it('asks settled and undo with the facts of the run', async () => {
    expect(await askSettled(put, { settings, facts: { found: 'known' } })).toBe('done');
    expect(await askSettled(put, { settings, facts: { found: 'other' } })).toBe('again');
    expect(await undoActionner(put, { settings, facts: { found: 'x' } })).toMatchObject({ message: 'taken back: x' });
  });
});
