import { parentPort, workerData } from 'node:worker_threads';
import type { DatabaseSync } from 'node:sqlite';
import type { Answer, FromWorker, Note, StoreOptions, ToWorker } from '../protocol.ts';
import { openDatabase } from './open-database.ts';
import { Refusal } from './prepare.ts';
import { createStore, type Store } from './store.ts';

// The thread that owns the database. It starts from sources and from the build alike, so it imports nothing of the workspace.

const port = parentPort;
if (!port) throw new Error('This file runs as a worker of the SQLite queue.');
const options = workerData as StoreOptions;

function send(message: FromWorker, transfer: ArrayBuffer[]): void {
  port?.postMessage(message, transfer);
}

function open(): { db: DatabaseSync; notes: readonly Note[]; store: Store } | undefined {
  try {
    const { db, notes, setAside } = openDatabase(options);
    return { db, notes, store: createStore(db, options, setAside) };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const message = error instanceof Refusal ? text : `${options.path} cannot be opened: ${text}.`;
    send({ kind: 'refused', message, retryable: error instanceof Refusal ? error.retryable : true }, []);
    return undefined;
  }
}

/** Bodies go to the main thread without a copy. */
function bodies(answers: readonly Answer[]): ArrayBuffer[] {
  return answers
    .flatMap((answer) => ('value' in answer && Array.isArray(answer.value) ? (answer.value as unknown[]) : []))
    .flatMap((item) => (item !== null && typeof item === 'object' && 'body' in item ? [item.body as Uint8Array] : []))
    .map((body) => body.buffer as ArrayBuffer);
}

const opened = open();
if (opened) {
  const { db, notes, store } = opened;
  send({ kind: 'opened', waiting: store.waiting(), state: store.state(), notes }, []);
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'close') {
      // The last connection that closes writes the log back and deletes it.
      db.close();
      port.close();
      return;
    }
    const answers = store.run(message.group);
    send({ kind: 'answers', answers, state: store.state() }, bodies(answers));
  });
}
