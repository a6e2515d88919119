import { TalonError } from '@falco-talon/core';
import type { ExecOptions, ObjectName } from '../kubernetes.ts';
import { PODS } from '../kubernetes.ts';
import { badName, checkLabel } from '../names.ts';
import { objectPath, resourceText } from '../path.ts';
import type { Call } from '../transport/call.ts';

/**
 * The request for running a command. The arguments are texts for the container, whatever they say; in the URL they are
 * encoded.
 * @throws TalonError `invalid_value`, `too_large`
 */
export function execCall(pod: Required<ObjectName>, options: ExecOptions, longestUrl: number): Call {
  const path = objectPath(PODS, pod, 'exec');
  const query = new URLSearchParams({ stdout: 'true', stderr: 'true' });
  if (options.stdin) query.set('stdin', 'true');
  if (options.container !== undefined) query.set('container', checkLabel('name of a container', options.container));
  if (options.command.length === 0 || options.command[0] === '') {
    throw badName('program of a command', options.command[0], 'the name or path of a program');
  }
  for (const argument of options.command) query.append('command', checkArgument(argument));
  const text = `?${query.toString()}`;
  const intent = `run a command in pod ${pod.namespace}/${pod.name}`;
  if (path.length + text.length > longestUrl) {
    const problem = `program and arguments take ${text.length} bytes in the URL, ${longestUrl} are possible; send what is long to its standard input`;
    throw new TalonError('too_large', `cannot ${intent}: ${problem}`);
  }
  return {
    method: 'GET',
    effect: true,
    path,
    query: text,
    expects: 101,
    verb: 'get',
    resource: resourceText(PODS, 'exec'),
    namespace: pod.namespace,
    name: pod.name,
    intent,
    signal: options.signal,
  };
}

function checkArgument(value: unknown): string {
  // A lone surrogate has no UTF-8: the container would get another text.
  if (typeof value === 'string' && !value.includes('\0') && value.isWellFormed()) return value;
  throw badName('argument of a command', value, 'a text without NUL');
}
