import { DfuError } from '../bytes/index.ts';
import { checkedFile } from '../manifest/index.ts';
import type { FirmwareManifest } from '../manifest/index.ts';
import { until } from '../usb/index.ts';
import type { CancelSignal } from '../usb/index.ts';
import type { Fetched, FetchTerms } from './catalogue.ts';
import { asDfuError, problemOf } from './failure.ts';
import { fileName } from './file-name.ts';
import type { FlowOffer } from './flow-state.ts';

/** Fetches a file of the manifest, and holds it to that. Throws `ABORTED`. */
export async function fetchOffer(
  { file }: FlowOffer,
  terms: FetchTerms & { readonly manifest: FirmwareManifest },
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
  const wait = { clock: terms.clock, signal };
  const images = file.key === undefined ? undefined : await terms.images(wait);
  const { keys } = terms.manifest;
  const check = await checkedFile(file, bytes, {
    keys,
    signatureFinding: images?.signatureFinding,
  });
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
