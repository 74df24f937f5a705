import { posix } from 'node:path';
import type { DocumentEntry, DocumentGroup } from '../docs/contents.ts';
import type { RenderedDocument, Section } from './markdown.ts';

/** A document that a page is made of. */
export interface SiteDocument extends DocumentEntry, RenderedDocument {}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

const wayTo = (from: string, at: string): string => `${posix.relative(from, at) || '.'}/`;

/** What a page is called in a list: short, without what follows a colon. */
const shortTitle = (title: string): string => title.replace(/: .*/, '');

/** The documents in their groups, as the side of a page lists them. */
function guides(
  at: string,
  all: readonly SiteDocument[],
  groups: readonly DocumentGroup[],
): string {
  const item = (file: string): string => {
    const document = all.find((each) => each.file === file);
    if (document === undefined) return '';
    const current = document.at === at ? ' aria-current="page"' : '';
    return `<li><a href="${wayTo(at, document.at)}"${current}>${escaped(shortTitle(document.title))}</a></li>`;
  };
  return groups
    .map(
      ({ name, documents }) =>
        `<h3>${escaped(name)}</h3>\n<ul>${documents.map(({ file }) => item(file)).join('')}</ul>`,
    )
    .join('\n');
}

const isInContents = ({ level }: Section): boolean => level === 2 || level === 3;

function contents(sections: readonly Section[]): string {
  const items = sections
    .filter(isInContents)
    .map(
      ({ level, anchor, title }) =>
        `<li class="level-${level}"><a href="#${anchor}">${escaped(title)}</a></li>`,
    );
  return items.length < 2 ? '' : `<ul class="contents">${items.join('')}</ul>`;
}

interface PageParts {
  readonly at: string;
  readonly title: string;
  readonly summary: string;
  readonly main: string;
  readonly aside: string;
}

function page({ at, title, summary, main, aside }: PageParts): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <title>${escaped(title)} · dfukit</title>
    <meta name="description" content="${escaped(summary)}" />
    <link rel="stylesheet" href="/styles/docs.css" />
    <script type="module" src="/docs/docs.ts"></script>
  </head>
  <body>
    <div class="docs">
      <main>
        <site-search index="${posix.relative(at, 'docs/search.json')}" root="${posix.relative(at, '') || '.'}/"></site-search>
        ${main}
      </main>
      <aside aria-label="Guides">${aside}</aside>
    </div>
  </body>
</html>
`;
}

/** The page of one document. */
export function documentPage(
  document: SiteDocument,
  all: readonly SiteDocument[],
  groups: readonly DocumentGroup[],
): string {
  const { at, title, summary, html, sections } = document;
  const list = contents(sections);
  const short =
    list === '' ? '' : `<details class="on-page"><summary>On this page</summary>${list}</details>`;
  const long = list === '' ? '' : `<h2>On this page</h2>\n${list}`;
  return page({
    at,
    title,
    summary,
    main: `${short}<article>${html}</article>`,
    aside: `<nav class="on-page" aria-label="On this page">${long}</nav>
<nav aria-label="Guides"><h2>Guides</h2>${guides(at, all, groups)}</nav>`,
  });
}

/** The page of a file to which a document leads: its text. */
export function sourcePage(
  { at, file, text }: { readonly at: string; readonly file: string; readonly text: string },
  all: readonly SiteDocument[],
  groups: readonly DocumentGroup[],
): string {
  return page({
    at,
    title: file,
    summary: `The text of ${file}.`,
    main: `<article><h1>${escaped(file)}</h1><pre><code>${escaped(text)}</code></pre></article>`,
    aside: `<nav aria-label="Guides"><h2>Guides</h2>${guides(at, all, groups)}</nav>`,
  });
}

/** The page that lists them all. */
export function overviewPage(
  all: readonly SiteDocument[],
  groups: readonly DocumentGroup[],
): string {
  const at = 'docs/';
  const item = (file: string): string => {
    const document = all.find((each) => each.file === file);
    if (document === undefined) return '';
    const { title, summary } = document;
    return `<li><a href="${wayTo(at, document.at)}">${escaped(title)}</a><p>${escaped(summary)}</p></li>`;
  };
  const lists = groups.map(
    ({ name, documents }) =>
      `<h2>${escaped(name)}</h2>\n<ul class="overview">${documents.map(({ file }) => item(file)).join('')}</ul>`,
  );
  const summary = 'Guides to flashing devices, to virtual boards, and to testing updates.';
  return page({
    at,
    title: 'Guides',
    summary,
    main: `<h1>Guides</h1><p>What every public name means is in the <a href="../api/">API reference</a>.</p>${lists.join('\n')}`,
    aside: '',
  }).replace('<aside aria-label="Guides"></aside>', '');
}
