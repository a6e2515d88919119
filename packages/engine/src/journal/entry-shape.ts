import { fit, oneOf, strictObject, Type, type Entry, type TSchema } from '@falco-talon/core';

const text = Type.String();
const texts = Type.Array(text);
const anything = Type.Object({}, { additionalProperties: true });
const record = Type.Object(
  { status: oneOf(['success', 'failure', 'ignored', 'dry_run', 'in_progress']) },
  { additionalProperties: true },
);
const step = strictObject({
  id: text,
  rule: text,
  ruleSet: Type.Optional(text),
  ruleContinue: Type.Boolean(),
  action: text,
  actionner: text,
  parameters: anything,
  contexts: texts,
  output: Type.Optional(strictObject({ target: text, parameters: anything, wait: Type.Optional(Type.Boolean()) })),
  notifiers: texts,
  continue: Type.Boolean(),
  ignoreErrors: Type.Boolean(),
  dryRun: Type.Boolean(),
});
const artifact = strictObject({
  name: text,
  mediaType: text,
  // As the spool names its files: nothing that leads out of it.
  file: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  bytes: Type.Integer(),
  sha256: text,
  truncated: Type.Boolean(),
  keptAt: Type.Number(),
});

/** Strict both ways: a key that is not known could be one that keeps a step from acting. */
const SHAPES: Readonly<Record<Entry['kind'], TSchema>> = {
  plan: strictObject({
    ruleSet: text,
    chains: Type.Array(strictObject({ rule: text, steps: Type.Array(step) })),
  }),
  intent: strictObject({ facts: Type.Optional(anything), withdrawn: Type.Optional(Type.Boolean()) }),
  kept: strictObject({ n: Type.Integer(), artifact }),
  result: strictObject({ record, artifacts: Type.Array(artifact) }),
  delivered: strictObject({ n: Type.Integer(), record }),
  notified: Type.String({ pattern: '^(action|output-[0-9]+)$' }),
  begun: anything,
  postponed: anything,
};

/** Why this version cannot go on from what another one wrote; undefined when it can. */
export function entryProblem({ kind, data }: Entry): string | undefined {
  const shape = Object.hasOwn(SHAPES, kind) ? SHAPES[kind] : undefined;
  if (!shape) return `its journal has an entry of the unknown kind ${JSON.stringify(kind)}`;
  const [issue] = fit(shape, data).issues;
  return issue && `its journal's ${kind} cannot be read: ${[...issue.path, issue.message].join(': ')}`;
}
