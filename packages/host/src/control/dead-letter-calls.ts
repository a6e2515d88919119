import {
  fit,
  strictObject,
  Type,
  type DeadLetters,
  type Logger,
  type Message,
  type OpenedDeadLetter,
  type Static,
  type TSchema,
} from '@falco-talon/core';
import { callControl, unreadableAnswer } from './control-client.ts';
import { controlCall, type ControlCall } from './control-call.ts';

const ids = strictObject({ ids: Type.Array(Type.String(), { maxItems: 1000 }) });

/** An opened letter on its way: JSON has no bytes. */
interface SentLetter extends Omit<OpenedDeadLetter, 'message'> {
  readonly message?: Omit<Message, 'body'> & { readonly body: string };
}

/** What the server does for `dead-letter`. */
export function deadLetterCalls(letters: DeadLetters, logger: Logger): readonly ControlCall[] {
  return [
    controlCall({
      name: 'dead-letters/list',
      input: strictObject({
        after: Type.Optional(Type.String()),
        limit: Type.Integer({ minimum: 1, maximum: 1000 }),
      }),
      run: ({ after, limit }) => letters.list(after === undefined ? { limit } : { after, limit }),
    }),
    controlCall({
      name: 'dead-letters/read',
      input: strictObject({ id: Type.String() }),
      async run({ id }) {
        const found = await letters.read(id);
        if (!found?.message) return { letter: found };
        const { id: own, kind, key, headers, body } = found.message;
        const message = { id: own, kind, key, headers, body: Buffer.from(body).toString('base64') };
        return { letter: { ...found, message } };
      },
    }),
    controlCall({
      name: 'dead-letters/retry',
      input: ids,
      async run(given) {
        const done = await letters.retry(given.ids);
        logger.info('dead letters were put back in line', { count: done.length });
        return done;
      },
    }),
    controlCall({
      name: 'dead-letters/drop',
      input: ids,
      async run(given) {
        const done = await letters.drop(given.ids);
        logger.info('dead letters were deleted by a command', { count: done.length });
        return done;
      },
    }),
  ];
}

/** The dead letters of the server that listens at `path`; undefined when there is none. */
export async function remoteDeadLetters(path: string): Promise<DeadLetters | undefined> {
  async function ask<S extends TSchema>(name: string, input: unknown, answer: S): Promise<Static<S>> {
    const given = await callControl(path, `dead-letters/${name}`, input);
    if (given === undefined) throw new Error(`the server at ${path} has just stopped; try again`);
    const { value, issues } = fit(answer, given);
    if (issues[0]) throw unreadableAnswer(path, [...issues[0].path, issues[0].message].join(': '));
    return value as Static<S>;
  }
  if ((await callControl(path, 'dead-letters/list', { limit: 1 })) === undefined) return undefined;
  return {
    list: (page) => ask('list', page, Type.Array(LETTER)),
    async read(id) {
      const { letter } = await ask('read', { id }, OPENED);
      return letter && opened(letter as SentLetter);
    },
    retry: (given) => ask('retry', { ids: given }, Type.Array(Type.String())),
    drop: (given) => ask('drop', { ids: given }, Type.Array(Type.String())),
  };
}

function opened({ message, ...rest }: SentLetter): OpenedDeadLetter {
  return message ? { ...rest, message: { ...message, body: Buffer.from(message.body, 'base64') } } : rest;
}

const letterKeys = {
  id: Type.String(),
  kind: Type.String(),
  key: Type.String(),
  reason: Type.String(),
  setAsideAt: Type.Number(),
  attempts: Type.Integer(),
};
const LETTER = strictObject(letterKeys);
const OPENED = strictObject({
  letter: Type.Optional(
    strictObject({
      ...letterKeys,
      message: Type.Optional(
        strictObject({
          id: Type.String(),
          kind: Type.String(),
          key: Type.String(),
          headers: Type.Record(Type.String(), Type.String()),
          body: Type.String(),
        }),
      ),
      journal: Type.Optional(
        Type.Array(strictObject({ step: Type.String(), kind: Type.String(), data: Type.Unknown() })),
      ),
    }),
  ),
});
