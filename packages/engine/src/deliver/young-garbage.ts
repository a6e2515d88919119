import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of buffers that may lie about. */
const MUCH = 4 * 1024 * 1024;

/**
 * To be told of every chunk of a long stream. The bytes of buffers are outside V8's heap, so it sees no reason to collect
 * them before its own young objects fill theirs: a fast stream leaves 70 MB of read buffers behind by then. A collection
 * of the young ones takes a millisecond, as nearly all of them are garbage.
 */
export function collectsAsItStreams(): (bytes: number) => void {
  let passed = 0;
  return (bytes) => {
    passed += bytes;
    if (passed < MUCH) return;
    passed = 0;
    collectYoung();
  };
}

let collect: ((options: { type: 'minor' }) => void) | undefined;

/** `gc` is only given to contexts made while the flag is set: no other code gets it. */
function collectYoung(): void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as typeof collect;
    setFlagsFromString('--no-expose-gc');
  }
  collect?.({ type: 'minor' });
}
