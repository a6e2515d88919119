import {
  defineActionner,
  expandTokens,
  isTalonError,
  errorText,
  POD_FIELDS,
  podTarget,
  strictObject,
  TalonError,
  Type,
} from '@falco-talon/core';
import { kubernetes, type ExecEnd } from '@falco-talon/client-kubernetes';
import {
  containerChoice,
  containerObjects,
  containerParameter,
  containerText,
  inContainer,
} from '../pod/container-choice.ts';
import { AROUND_COMMAND } from '../remote/run-remote.ts';
import { createSaid } from '../remote/said.ts';
import { checkContainer, choiceContext, EXEC_PERMISSIONS, previewPlace } from '../remote/shell-action.ts';
import { artifactName } from './artifact-name.ts';
import { downloadDifferences } from '../remote/differences.ts';
import { examples } from './examples.ts';
import { readRemoteFile, type RemoteFile } from './read-file.ts';
import { NO_FILE, NO_READER, readablePath } from './reader.ts';

/** Linux takes no longer path. */
const LONGEST_PATH = 4095;

export const download = defineActionner({
  name: 'download',
  description: 'Keeps a file of a container, byte by byte.',
  stability: 'stable',
  sources: ['syscall'],
  continue: true,
  output: 'required',
  parameters: strictObject({
    file: Type.String({
      minLength: 1,
      description:
        'Its path in the container. `${NAME}` is replaced by the value of the event, so `${FD_NAME}` is the file of the alert.',
    }),
    container: containerParameter,
    timeout: Type.Integer({
      minimum: 1,
      maximum: 3600,
      default: 300,
      description: 'Seconds the download may take.',
    }),
  }),
  uses: { kubernetes },
  facts: containerChoice,
  requiredFields: POD_FIELDS,
  idempotent: true,
  permissions: EXEC_PERMISSIONS,
  examples,
  differences: downloadDifferences,

  validate: ({ file }) => (file.includes('\0') ? [{ path: ['file'], message: 'holds NUL, which no path can' }] : []),
  target: ({ event }) => podTarget(event),
  timeLimit: ({ timeout }) => timeout * 1000 + 2 * AROUND_COMMAND,
  check: checkContainer,

  async preview(context) {
    return `would keep the file ${shown(context.parameters.file)} of ${await previewPlace(context)}`;
  },

  async run(context) {
    const { parameters, signal, clients } = context;
    const target = podTarget(context.event);
    const file = checkedPath(expandTokens(parameters.file, context.tokens()));
    const { choice, done: remote } = await inContainer(context.facts, choiceContext(context), ({ container }) =>
      readRemoteFile(clients.kubernetes, readablePath(file), {
        pod: { namespace: target.namespace, name: target.name },
        ...(container === undefined ? {} : { container }),
        timeLimit: parameters.timeout * 1000,
        signal,
      }),
    );
    const what = `the file ${shown(file)} of ${containerText(target, choice.container)}`;
    const content = contentOf(remote, what);
    try {
      const artifact = {
        name: artifactName(file),
        mediaType: 'application/octet-stream',
        incomplete: () => content.failure() !== undefined,
      };
      const kept = await context.keep(artifact, content.bytes());
      const failure = content.failure();
      if (failure !== undefined) throw broken(failure, kept.bytes);
      const ended = await remote.end();
      const cut = kept.truncated ? ', cut at the size limit' : '';
      const doubt = ended ? '' : '; nobody can tell whether the program that read it has ended';
      return {
        status: 'success',
        message: `kept ${kept.bytes} bytes of ${what}${cut}${doubt}`,
        objects: { ...containerObjects(target, choice.container), file },
      };
    } finally {
      await remote.end();
    }
  },
});

/** The bytes of the file. A failure after the first of them ends them quietly, for they are evidence too. */
function contentOf(remote: RemoteFile, what: string) {
  const said = createSaid();
  let failure: unknown;

  async function* bytes(): AsyncGenerator<Uint8Array, void, void> {
    let came = false;
    try {
      for (;;) {
        const next = await remote.output.next();
        if (next.done) return checkEnd(next.value, what, said.lastWords());
        if (next.value.stream === 'stdout') {
          came = true;
          yield next.value.bytes;
        } else said.add(next.value);
      }
    } catch (error) {
      if (!came) throw error;
      failure = error;
    }
  }
  return { bytes, failure: () => failure };
}

/** @throws TalonError unless the program has read all */
function checkEnd({ exitCode }: ExecEnd, what: string, words: string): void {
  if (exitCode === 0) return;
  if (exitCode === NO_READER) {
    throw new TalonError('unsupported', `cannot read ${what}: the container has none of the programs cat, dd and tail`);
  }
  if (exitCode === NO_FILE) throw new TalonError('invalid_value', `cannot read ${what}: ${words}`);
  throw new TalonError('command_failed', `cannot read ${what} (exit code ${exitCode}): ${words}`);
}

function broken(failure: unknown, bytes: number): TalonError {
  const message = `${errorText(failure)}; the first ${bytes} bytes are kept, marked as truncated`;
  return new TalonError(isTalonError(failure) ? failure.code : 'plugin_failed', message, { cause: failure });
}

/** @throws TalonError `invalid_value` */
function checkedPath(file: string): string {
  const why =
    file === ''
      ? 'it is empty'
      : file.includes('\0')
        ? 'it holds NUL'
        : Buffer.byteLength(file) > LONGEST_PATH
          ? `it has more than ${LONGEST_PATH} bytes`
          : undefined;
  if (why === undefined) return file;
  throw new TalonError('invalid_value', `${shown(file)} cannot be the path of a file: ${why}`);
}

/** A hostile value in a message: on one line, in ASCII, and short. */
function shown(file: string): string {
  const text = JSON.stringify(file.length > 200 ? `${file.slice(0, 197)}...` : file);
  return text.replaceAll(/[^ -~]/g, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
