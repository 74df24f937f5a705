import { readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';

const folder = resolve(import.meta.dirname, '../../../dist/dfu-flasher');

/** The file that a page names. */
export const DOOR = 'dfu-flasher.js';

/** Everything in one file. */
export const ONE = 'dfu-flasher.all.js';

/** The element as it is shipped: its files by their names. */
export const elementFiles: ReadonlyMap<string, string> = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith('.js'))
    .map((name) => [name, readFileSync(resolve(folder, name), 'utf8')]),
);

/** A file's name without what the build puts of its content into it. */
export function plainName(name: string): string {
  return name.replace(/-[\w-]{8}(?=\.js$)/, '');
}

/** What comes with the file that a page names, without being asked for. */
export function atOnce(): readonly string[] {
  const names = [DOOR];
  for (const name of names) {
    const code = elementFiles.get(name) ?? '';
    for (const [, each = ''] of code.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+)["']/g))
      if (!names.includes(each)) names.push(each);
  }
  return names;
}
