import { relative } from 'node:path';
import type { HtmlTagDescriptor, Plugin } from 'vite';
import { toRoot } from './pages.ts';
import { pagePolicy } from './policy.ts';

/** What the navigation leads to, and the pages that count as being there. */
const places = [
  { at: 'lab/', name: 'Laboratory', title: 'A virtual board: flash it and see what happens' },
  { at: 'lab/mcuboot/', name: 'MCUboot', title: 'A swap, operation by operation' },
  { at: 'lab/dump/', name: 'Dump', title: 'A dump of flash, explained' },
  { at: 'flasher/', name: 'Flasher', title: 'Flash a device from this page' },
  { at: 'docs/', name: 'Docs', title: 'Guides' },
  { at: 'api/', name: 'API', title: 'API reference' },
] as const;

/** Where a page is: the longest of the places that its path begins with. */
function placeOf(path: string): string | undefined {
  return places
    .map(({ at }) => at)
    .filter((at) => path.startsWith(at))
    .toSorted((a, b) => b.length - a.length)[0];
}

function header(path: string): string {
  const up = toRoot(path);
  const here = placeOf(path);
  const links = places.map(({ at, name, title }) => {
    const current = at === here ? ' aria-current="page"' : '';
    return `<li><a href="${up}${at}" title="${title}"${current}>${name}</a></li>`;
  });
  return `<a class="skip" href="#content">Skip to the content</a>
<header class="site">
  <a class="home" href="${up}"${path === 'index.html' ? ' aria-current="page"' : ''}>dfukit</a>
  <nav aria-label="Site"><ul>${links.join('')}</ul></nav>
  <site-theme></site-theme>
</header>`;
}

const footer = (path: string): string => `<footer class="site">
  <p>dfukit: USB Device Firmware Upgrade, both ends of the cable. MIT licence. This page sends nothing anywhere.</p>
  <p><a href="${toRoot(path)}docs/readme/">README</a> <a href="${toRoot(path)}docs/changelog/">Changes</a> <a href="${toRoot(path)}docs/security/">Security</a></p>
</footer>`;

function headTags(): HtmlTagDescriptor[] {
  return [
    { tag: 'meta', attrs: { charset: 'utf-8' } },
    { tag: 'meta', attrs: { name: 'viewport', content: 'width=device-width, initial-scale=1' } },
    {
      tag: 'meta',
      attrs: { 'http-equiv': 'Content-Security-Policy', content: pagePolicy },
    },
    { tag: 'meta', attrs: { name: 'color-scheme', content: 'light dark' } },
    { tag: 'link', attrs: { rel: 'stylesheet', href: '/styles/site.css' } },
    { tag: 'script', attrs: { type: 'module', src: '/site/shell.ts' } },
  ];
}

/** What stands in the site as it is, and is not built. */
function finishedTags(path: string): HtmlTagDescriptor[] {
  const up = toRoot(path);
  return [
    { tag: 'link', attrs: { rel: 'icon', href: `${up}icon.svg`, type: 'image/svg+xml' } },
    // Not a module: it runs before anything is painted.
    { tag: 'script', attrs: { src: `${up}theme.js` } },
  ];
}

/**
 * Puts around each page what all pages have. A page's own file has its title, its modules and its `<main>`; where it
 * has no `id` of its own for the skip link, it gets one.
 */
export function shell(root: string): Plugin[] {
  const pathOf = (filename: string): string => relative(root, filename).replaceAll('\\', '/');
  const finished: Plugin = {
    name: 'shell-finished',
    transformIndexHtml: {
      order: 'post',
      handler: (_, { filename }) =>
        finishedTags(pathOf(filename)).map((tag) =>
          Object.assign(tag, { injectTo: 'head' as const }),
        ),
    },
  };
  const framed: Plugin = {
    name: 'shell',
    transformIndexHtml: {
      order: 'pre',
      handler(html, { filename }) {
        const path = pathOf(filename);
        const around = html
          .replace(/<main\b(?![^>]*\bid=)/, '<main id="content" tabindex="-1"')
          .replace(/<body\b[^>]*>/, (body) => `${body}\n${header(path)}`)
          .replace('</body>', `${footer(path)}\n</body>`);
        return {
          html: around,
          tags: headTags().map((tag) => Object.assign(tag, { injectTo: 'head-prepend' as const })),
        };
      },
    },
  };
  return [framed, finished];
}
