import { DfuError } from '../bytes/index.ts';
import { checkFile } from '../manifest/index.ts';
import type { FileCheck, FirmwareManifest } from '../manifest/index.ts';
import { until } from '../usb/index.ts';
import type { CancelSignal, Clock } from '../usb/index.ts';
import { asDfuError, problemOf } from './failure.ts';
import type { FlowOptions } from './flow.ts';
import type { FlowOffer, FlowProblem } from './flow-state.ts';

/** How a file of the manifest is fetched and checked. */
interface FetchTerms {
  readonly clock: Clock;
  readonly manifest: FirmwareManifest | undefined;
  readonly fetchFile: FlowOptions['fetchFile'];
}

/** A file as its manifest lists it, or why there is none. */
type Fetched =
  { readonly bytes: Uint8Array; readonly check: FileCheck } | { readonly problem: FlowProblem };

/** Fetches a file of the manifest, and holds it to that. Throws `ABORTED`. */
export async function fetchOffer(
  { file }: FlowOffer,
  terms: FetchTerms,
  signal: CancelSignal,
): Promise<Fetched> {
  const name = fileName(file.url);
  let bytes: Uint8Array;
  try {
    bytes = await fetched(file.url, file.sizeBytes, terms, signal);
  } catch (error) {
    const thrown = asDfuError(error);
    if (signal.aborted) throw thrown;
    return { problem: problemOf(thrown, 'file-not-fetched', name) };
  }
  const check = await checkFile(file, bytes, { keys: terms.manifest?.keys });
  if (check.refused === undefined) return { bytes, check };
  const { code, message } = check.refused;
  return { problem: problemOf(new DfuError(code, message), 'file-not-as-listed', name) };
}

async function fetched(
  url: string,
  mostBytes: number,
  { clock, fetchFile }: FetchTerms,
  signal: CancelSignal,
): Promise<Uint8Array> {
  if (fetchFile === undefined) {
    throw new DfuError('INVALID_ARGUMENT', 'fetchFile: expected a function, got none');
  }
  const fetching = fetchFile(url, mostBytes);
  const bytes = await until<Uint8Array>(clock, { signal }, ({ resolve, reject }) => {
    fetching.then(resolve, reject);
    return undefined;
  });
  if (ArrayBuffer.isView(bytes)) return bytes.slice();
  throw new DfuError('INVALID_ARGUMENT', `fetchFile: expected bytes, got ${typeof bytes}`);
}

/** The last part of a path, without its query. */
export function fileName(url: string): string {
  return (
    url
      .replace(/[?#].*$/s, '')
      .split('/')
      .at(-1) || url
  );
}
