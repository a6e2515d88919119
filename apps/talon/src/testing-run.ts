import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runTalon, type TalonOptions } from '@falco-talon/host';
import { plugins } from './plugins.ts';

export interface Ran {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** `falco-talon` with the plugins it ships, inside this process, in a directory that is its home, too. */
export async function runIn(
  directory: string,
  argv: readonly string[],
  context: TalonOptions['context'] = {},
): Promise<Ran> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const printed = Promise.all([text(stdout), text(stderr)]);
  const code = await runTalon({
    plugins,
    name: 'falco-talon',
    version: '0.0.0',
    directory: import.meta.dirname,
    argv,
    context: { environment: {}, workingDirectory: directory, homeDirectory: directory, stdout, stderr, ...context },
  });
  stdout.end();
  stderr.end();
  const [output, errors] = await printed;
  return { code, output, errors };
}
