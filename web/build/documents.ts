import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { Plugin } from 'vite';
import { contentsOf } from '../docs/contents.ts';
import type { DocumentEntry, DocumentGroup } from '../docs/contents.ts';
import { documentPage, overviewPage, sourcePage } from './document-page.ts';
import type { SiteDocument } from './document-page.ts';
import { renderMarkdown } from './markdown.ts';

/** Where files are to which documents lead, and which are none: a page with the text, and pictures as they are. */
const SOURCES = 'docs/files/';

/** Every document of the project that is written for those who use it or work on it. */
function documentsOf(project: string): string[] {
  const inside = (folder: string, name: RegExp): string[] =>
    readdirSync(join(project, folder))
      .filter((file) => name.test(file))
      .map((file) => posix.join(folder, file));
  const readmes = [...inside('examples', /^[^.]*$/), 'firmware']
    .map((folder) => `${folder}/README.md`)
    .filter((file) => existsSync(join(project, file)));
  return [...inside('.', /\.md$/), ...inside('docs', /\.md$/), ...readmes];
}

/** Where the links of the documents lead: to pages, and to files that are put beside them. */
class Links {
  /** Files that a page shows, and pictures, each by its path in the project. */
  readonly sources = new Map<string, string>();
  readonly pictures = new Map<string, string>();
  readonly #project: string;
  readonly #places: ReadonlyMap<string, string>;

  constructor(project: string, entries: readonly DocumentEntry[]) {
    this.#project = project;
    this.#places = new Map(entries.map(({ file, at }) => [file, at]));
  }

  /** From that document, as it is written there. Throws for a link to nothing. */
  resolve(from: DocumentEntry, href: string): string {
    if (/^(?:https?:|mailto:|#)/.test(href)) return href;
    const [path = '', anchor] = href.split('#');
    const file = posix.normalize(posix.join(posix.dirname(from.file), path));
    const place = this.#places.get(file) ?? this.#sourceOf(file);
    if (place === undefined) throw new Error(`${from.file} links to ${href}, which is not there`);
    const relative = posix.relative(from.at, place) + (place.endsWith('/') ? '/' : '');
    return `${relative}${anchor === undefined ? '' : `#${anchor}`}`;
  }

  #sourceOf(file: string): string | undefined {
    const path = join(this.#project, file);
    if (file.startsWith('..') || !existsSync(path) || !statSync(path).isFile()) return undefined;
    const isPicture = /\.(?:png|svg)$/.test(file);
    (isPicture ? this.pictures : this.sources).set(file, path);
    return `${SOURCES}${file}${isPicture ? '' : '/'}`;
  }
}

interface Shelf {
  readonly groups: readonly DocumentGroup[];
  readonly documents: readonly SiteDocument[];
  readonly links: Links;
}

function shelfOf(project: string): Shelf {
  const groups = contentsOf(documentsOf(project));
  const entries = groups.flatMap((group) => group.documents);
  const links = new Links(project, entries);
  const made = entries.map((entry) => {
    const source = readFileSync(join(project, entry.file), 'utf8');
    const rendered = renderMarkdown(source, (href) => links.resolve(entry, href));
    return Object.assign({}, entry, rendered);
  });
  return { groups, documents: made, links };
}

/** What the search looks through: a section each, with its page and its place there. */
function searchIndex(made: readonly SiteDocument[]): string {
  return JSON.stringify(
    made.flatMap(({ at, title, sections }) =>
      sections.map(({ anchor, title: heading, text, level }) => [
        level === 1 ? at : `${at}#${anchor}`,
        title,
        level === 1 ? '' : heading,
        text.trim(),
      ]),
    ),
  );
}

/** The pages of the documents, and the plugin that has them in the build as if they were files. */
export function documents(root: string, project: string): { pages: string[]; plugin: Plugin } {
  const shelf = shelfOf(project);
  const pages = new Map(
    shelf.documents.map((document) => [
      `${root}${document.at}index.html`,
      documentPage(document, shelf.documents, shelf.groups),
    ]),
  );
  pages.set(`${root}docs/index.html`, overviewPage(shelf.documents, shelf.groups));
  for (const [file, path] of shelf.links.sources) {
    const at = `${SOURCES}${file}/`;
    const text = readFileSync(path, 'utf8');
    pages.set(
      `${root}${at}index.html`,
      sourcePage({ at, file, text }, shelf.documents, shelf.groups),
    );
  }
  const plugin: Plugin = {
    name: 'documents',
    apply: 'build',
    enforce: 'pre',
    resolveId: (id) => (pages.has(id) ? id : null),
    load: (id) => pages.get(id) ?? null,
    generateBundle() {
      for (const [file, path] of shelf.links.pictures)
        this.emitFile({ type: 'asset', fileName: SOURCES + file, source: readFileSync(path) });
      const source = searchIndex(shelf.documents);
      this.emitFile({ type: 'asset', fileName: 'docs/search.json', source });
    },
  };
  return { pages: [...pages.keys()], plugin };
}
