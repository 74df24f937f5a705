import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** How a name of the package is found: in `dist`, as whoever installs it finds it. */
interface Alias {
  readonly find: RegExp;
  readonly replacement: string;
}

/** The package's public names, out of the `exports` of its package.json. */
export function packageAliases(project: string): Alias[] {
  const text = readFileSync(join(project, 'package.json'), 'utf8');
  const { name, exports } = JSON.parse(text) as {
    readonly name: string;
    readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
  };
  return Object.entries(exports).map(([subpath, target]) => ({
    find: new RegExp(`^${escaped(name + subpath.slice(1))}$`),
    replacement: join(project, typeof target === 'string' ? target : target.default),
  }));
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
}
