import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Every `index.html` under a folder: a page each, at the address of its folder. */
export function pagesIn(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => /(?:^|[\\/])index\.html$/.test(path))
    .map((path) => join(root, path));
}

/** The way from the page at that path (`lab/mcuboot/index.html`) to the site's root: `../../`, or `./`. */
export function toRoot(path: string): string {
  const folder = dirname(path.replaceAll('\\', '/'));
  return folder === '.' ? './' : '../'.repeat(folder.split('/').length);
}
