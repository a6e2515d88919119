/**
 * What the journal of one event looks like, of each version of Falco Talon that wrote another one: two steps, the first of
 * which keeps an artifact. Whoever changes what is written adds a fixture here, so that what older versions left is still
 * read; and thinks of the older version that may find what the new one leaves.
 */

export interface Written {
  readonly step: string;
  readonly kind: string;
  readonly data: unknown;
}

const FILE = '6d6092aad46c556869b4313498b4106107fe9e3719343a00704db3ea4ed55cab';
const SHA = 'ee8250fb76e094b34b471f13a73dbbe51d1ae142e9df59d7c0d31ec20f0a0a8e';
const FIRST = 'event-1/Answer/first/0';
const SECOND = 'event-1/Answer/second/1';
const ARTIFACT = {
  name: 'a/log.txt',
  mediaType: 'text/plain',
  file: FILE,
  bytes: 8,
  sha256: SHA,
  truncated: false,
  keptAt: 0,
};
const SENT = { target: 'spec:memory', parameters: {} };
const OBJECTS = { pod: 'cart', namespace: 'shop' };

function step(id: string, action: string, say: string, more: object) {
  return {
    id,
    rule: 'Answer',
    ruleContinue: true,
    action,
    actionner: 'spec:pod',
    parameters: { say, limit: 1000 },
    contexts: [],
    notifiers: ['ear'],
    continue: true,
    ignoreErrors: false,
    dryRun: false,
    ...more,
  };
}

function record(action: string, more: object) {
  return {
    time: 'TIME',
    trace_id: 't1',
    rule: 'Answer',
    event: 'shell in cart',
    priority: 'Notice',
    source: 'syscall',
    actionner: 'spec:pod',
    action,
    category: 'spec',
    message: 'action',
    stage: 'action',
    status: 'success',
    objects: OBJECTS,
    ...more,
  };
}

const UPLOAD = {
  message: 'output',
  stage: 'output',
  output_target: 'spec:memory',
  objects: { ...OBJECTS, key: 'KEY', bytes: '8', sha256: SHA },
  result: 'stored',
};

function journal(perStep: object, perRecord: object, kept: readonly Written[]): readonly Written[] {
  return [
    {
      step: '',
      kind: 'plan',
      data: {
        ruleSet: 'VERSION',
        chains: [
          {
            rule: 'Answer',
            steps: [step(FIRST, 'first', 'a', { output: SENT, ...perStep }), step(SECOND, 'second', 'b', perStep)],
          },
        ],
      },
    },
    { step: FIRST, kind: 'intent', data: { facts: { seen: 'seen' } } },
    ...kept,
    {
      step: FIRST,
      kind: 'result',
      data: { record: record('first', { result: 'said a', ...perRecord }), artifacts: [ARTIFACT] },
    },
    { step: FIRST, kind: 'delivered', data: { n: 0, record: record('first', { ...UPLOAD, ...perRecord }) } },
    { step: FIRST, kind: 'notified', data: 'action' },
    { step: FIRST, kind: 'notified', data: 'output-0' },
    { step: SECOND, kind: 'intent', data: { facts: { seen: 'seen' } } },
    {
      step: SECOND,
      kind: 'result',
      data: { record: record('second', { result: 'said b', ...perRecord }), artifacts: [] },
    },
    { step: SECOND, kind: 'notified', data: 'action' },
  ];
}

/** Before artifacts were noted when they were kept, and before steps and records told the version of the rules. */
export const ORIGINAL = journal({}, {}, []);

/** What is written today of a step that was about to act, did not, and may be begun. */
export const WITHDRAWN: Written = { step: SECOND, kind: 'intent', data: { facts: { seen: 'seen' }, withdrawn: true } };

/** What is written today. */
export const CURRENT = journal({ ruleSet: 'VERSION' }, { rules_version: 'VERSION' }, [
  { step: FIRST, kind: 'kept', data: { n: 0, artifact: ARTIFACT } },
]);

const ABOUT_TO_ACT = CURRENT.findIndex(({ step, kind }) => step === SECOND && kind === 'intent');

/** What is written today when the event was put off while its second step was about to act. */
export const PUT_OFF: readonly Written[] = CURRENT.toSpliced(ABOUT_TO_ACT, 0, CURRENT[ABOUT_TO_ACT]!, WITHDRAWN, {
  step: '',
  kind: 'postponed',
  data: { reason: 'stopped' },
});
