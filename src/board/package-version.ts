import { readFileSync } from 'node:fs';

/** Version of this package, e.g. `0.1.0`: what the banners of bootloader and firmware say. */
export function packageVersion(): string {
  // two folders up from the sources as from what was built of them
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
