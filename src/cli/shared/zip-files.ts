import { zipEntries } from '../../image/index.ts';
import { inflate } from './inflate.ts';

/** The files in a zip file whose names end so. Throws what `zipEntries` and reading one throw. */
export function zipFiles(
  zip: Uint8Array,
  ending: string,
): { readonly name: string; readonly bytes: Uint8Array }[] {
  const entries = zipEntries(zip).filter(({ name }) => name.endsWith(ending));
  return entries.map((entry) => ({ name: entry.name, bytes: entry.read(inflate) }));
}
