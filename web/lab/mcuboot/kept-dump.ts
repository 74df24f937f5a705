import { Problem } from '../problem.ts';
import { MODES } from './scenario-choices.ts';
import type { WatchedDump } from './scenario-choices.ts';

// One dump, the last that was to be watched: from one page of the laboratory to another, in this browser alone.

const DATABASE = 'dfukit-laboratory';
const STORE = 'dumps';
const KEY = 'watched';

/** No flash of a board of the catalogue is larger. */
const MOST_BYTES = 64 * 1024 * 1024;

function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new Error('no answer')));
  });
}

async function inStore<T>(
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.addEventListener('upgradeneeded', () => opening.result.createObjectStore(STORE));
  const database = await answered(opening);
  try {
    return await answered(work(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

/** Keeps it in place of the one before. Throws `Problem` where a browser keeps nothing. */
export async function keepDump(dump: WatchedDump): Promise<void> {
  if (dump.bytes.length > MOST_BYTES) {
    throw new Problem(`expected a flash of at most ${MOST_BYTES} bytes, got ${dump.bytes.length}`);
  }
  try {
    await inStore('readwrite', (store) => store.put(dump, KEY));
  } catch (cause) {
    const words = 'this browser keeps no data for this page, as in some private windows';
    throw new Problem(`${words}: the dump cannot be handed on`, { cause });
  }
}

/** What was kept under that id. Throws `Problem` if it is not there: kept elsewhere, or another one since. */
export async function keptDump(id: string): Promise<WatchedDump> {
  let found: unknown;
  try {
    found = await inStore('readonly', (store) => store.get(KEY) as IDBRequest<unknown>);
  } catch {
    // As if there were none.
  }
  if (isDump(found) && found.id === id) return found;
  throw new Problem(
    'the dump that this address is for is not in this browser any more: drop it once more where dumps are explained',
  );
}

/** Another version of this page may have kept something else. */
function isDump(found: unknown): found is WatchedDump {
  if (typeof found !== 'object' || found === null) return false;
  const { id, name, board, mode, bytes, keys, about } = found as Partial<WatchedDump>;
  const areTexts = [id, name, board].every((each) => typeof each === 'string');
  const areLists = Array.isArray(keys) && Array.isArray(about);
  return areTexts && areLists && MODES.some((each) => each === mode) && bytes instanceof Uint8Array;
}
