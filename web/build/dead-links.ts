import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Plugin } from 'vite';

/** What another page's link may lead to: by `id`. */
function anchorsOf(html: string): Set<string> {
  return new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id = '']) => id));
}

class Pages {
  readonly #anchors = new Map<string, Set<string>>();

  /** Whether there is something where a link from a page leads. */
  has(from: string, href: string): boolean {
    const [path = '', anchor] = href.replaceAll('&amp;', '&').split('#');
    const [place = ''] = path.split('?');
    let file = place === '' ? from : resolve(dirname(from), decodeURI(place));
    if (existsSync(file) && statSync(file).isDirectory()) file = join(file, 'index.html');
    if (!existsSync(file)) return false;
    // What follows a mark with = in it is the state of a page, not a place in it.
    if (anchor === undefined || anchor === '' || anchor.includes('=')) return true;
    return this.#anchorsIn(file).has(decodeURIComponent(anchor));
  }

  #anchorsIn(file: string): Set<string> {
    const known = this.#anchors.get(file) ?? anchorsOf(readFileSync(file, 'utf8'));
    this.#anchors.set(file, known);
    return known;
  }
}

/** Every link of every page of the built site that leads to nothing there. */
export function deadLinks(folder: string): string[] {
  const pages = new Pages();
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.html') && !/^api[\\/](?!index)/.test(name))
    .flatMap((name) => {
      const file = join(folder, name);
      const links = readFileSync(file, 'utf8').matchAll(/<[a-z][^<>]*?\s(?:href|src)="([^"]*)"/g);
      return [...links]
        .map(([, href = '']) => href)
        .filter((href) => !/^(?:https?|mailto|data):/.test(href) && !pages.has(file, href))
        .map((href) => `${relative(folder, file)}: ${href}`);
    });
}

/** Fails the build for a link that leads to nothing in it. */
export function noDeadLinks(): Plugin {
  return {
    name: 'no-dead-links',
    apply: 'build',
    enforce: 'post',
    writeBundle: {
      order: 'post',
      sequential: true,
      handler({ dir = '' }) {
        const dead = deadLinks(dir);
        if (dead.length > 0)
          this.error(`expected every link to lead somewhere, these do not:\n${dead.join('\n')}`);
      },
    },
  };
}
