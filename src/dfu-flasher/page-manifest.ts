import type { FlowOptions } from '../flow/index.ts';
import { fileUrl, readManifest } from '../manifest/index.ts';
import type { FirmwareManifest } from '../manifest/index.ts';
import { addressOf } from './address-of.ts';
import { fetchBounded } from './fetch-bounded.ts';
import { textOf } from './text-of.ts';

const MOST_MANIFEST_BYTES = 1 << 20;

/** The manifest of a page, and how its files are had. */
export interface PageManifest {
  readonly manifest: FirmwareManifest | undefined;
  readonly fetchFile: FlowOptions['fetchFile'];
}

/** Fetches it, where it is an address, and checks it. Throws `DfuError`. */
export async function pageManifest(
  manifest: string | FirmwareManifest,
  signal: AbortSignal,
): Promise<PageManifest> {
  const base = document.baseURI;
  if (typeof manifest !== 'string') {
    return { manifest: readManifest(manifest), fetchFile: fetchBeside(base) };
  }
  const terms = { what: 'the manifest', mostBytes: MOST_MANIFEST_BYTES, signal };
  const { url, bytes } = await fetchBounded(addressOf(manifest, base, 'manifest'), terms);
  return { manifest: readManifest(textOf(bytes, terms)), fetchFile: fetchBeside(url) };
}

/** Files of a manifest, from where it came or as it says. */
function fetchBeside(base: string): NonNullable<FlowOptions['fetchFile']> {
  return async (url, mostBytes) => {
    const terms = { what: 'the file', mostBytes };
    return (await fetchBounded(fileUrl({ url }, base), terms)).bytes;
  };
}
