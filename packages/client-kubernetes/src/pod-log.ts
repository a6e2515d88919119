import { lostError } from './failure.ts';
import type { LogOptions, ObjectName } from './kubernetes.ts';
import { PODS } from './kubernetes.ts';
import type { Limits } from './limits.ts';
import { checkLabel } from './names.ts';
import { objectPath, resourceText } from './path.ts';
import { queryText } from './query.ts';
import { perform, type Call, type Session } from './transport/call.ts';

/** The connection belongs to the reader until it is done or leaves the iteration. */
export async function* readPodLog(
  session: Session,
  limits: Limits,
  pod: Required<ObjectName>,
  options: LogOptions,
): AsyncGenerator<Uint8Array, void> {
  if (options.container !== undefined) checkLabel('name of a container', options.container);
  const call: Call = {
    method: 'GET',
    path: objectPath(PODS, pod, 'log'),
    query: queryText({
      container: options.container,
      tailLines: options.tailLines,
      limitBytes: options.limitBytes,
      previous: options.previous,
      timestamps: options.timestamps,
    }),
    // The API server answers 406 to text/plain, the type it sends.
    accept: '*/*',
    stream: true,
    verb: 'get',
    resource: resourceText(PODS, 'log'),
    namespace: pod.namespace,
    name: pod.name,
    signal: options.signal,
  };
  const answer = await perform(session, call, limits);
  if (!answer.stream) return;
  const lost = yield* answer.stream.read();
  if (lost) throw lostError(call, lost);
}
