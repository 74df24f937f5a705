import { DfuError } from '../bytes/index.ts';
import { MOST_FILE_BYTES } from '../manifest/index.ts';
import { addressOf } from './address-of.ts';
import { fetchBounded } from './fetch-bounded.ts';

/** A file that is in no manifest: where its bytes come from, and what they are called. */
export interface OwnFile {
  readonly name: string;
  /** Throws `DfuError`. */
  readonly bytes: () => Promise<Uint8Array>;
}

/** The one file that a page names. Throws `INVALID_ARGUMENT` for what is no address. */
export function fileAt(src: string): OwnFile {
  const url = addressOf(src, document.baseURI, 'src');
  const last = new URL(url).pathname.split('/').at(-1) ?? '';
  const name = last === '' ? src : decoded(last);
  const terms = { what: name, mostBytes: MOST_FILE_BYTES };
  return { name, bytes: async () => (await fetchBounded(url, terms)).bytes };
}

/** A name in an address, as it is written; what is no UTF-8 stays as it is. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** A file of the person's own; `tooLarge` says so in the words of the page. */
export function fileOf(file: File, tooLarge: string): OwnFile {
  const bytes = async (): Promise<Uint8Array> => {
    if (file.size > MOST_FILE_BYTES) throw new DfuError('OUT_OF_RANGE', tooLarge);
    try {
      return new Uint8Array(await file.arrayBuffer());
    } catch (cause) {
      // It was changed, moved or taken away since it was chosen.
      const message = `${file.name}: cannot be read: choose it again`;
      throw new DfuError('IO', message, { cause });
    }
  };
  return { name: file.name, bytes };
}
