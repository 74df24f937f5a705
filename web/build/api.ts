import { cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Plugin } from 'vite';

const missing = `<!doctype html>
<html lang="en">
  <head>
    <title>API reference · dfukit</title>
    <meta name="description" content="The API reference is not part of this build." />
  </head>
  <body>
    <main>
      <h1>API reference</h1>
      <p>This build of the site is without it: <code>npm run docs</code> makes it, and the next <code>npm run web</code> takes it along.</p>
    </main>
  </body>
</html>
`;

/** The way back and the picture, which the pages of the reference have not. */
function asPageOfSite(text: string, up: string): string {
  const links = '<div id="tsd-toolbar-links">';
  const icon = `<link rel="icon" href="${up}/../icon.svg" type="image/svg+xml"/>`;
  return text
    .replace('</head>', `${icon}</head>`)
    .replace(links, `${links}<a href="${up}/../">Site</a> <a href="${up}/../docs/">Guides</a>`);
}

/**
 * Moves what a page runs out of its text into a file beside it, since the site's policy runs nothing that stands in a
 * page.
 */
function adapt(folder: string): void {
  const scripts = new Map<string, string>();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.html')) continue;
    const file = join(folder, name);
    const text = readFileSync(file, 'utf8');
    const up = relative(dirname(file), folder).replaceAll('\\', '/') || '.';
    const changed = asPageOfSite(text, up).replaceAll(
      /<script>([\s\S]*?)<\/script>/g,
      (_, code: string) => {
        const script = scripts.get(code) ?? `inline-${scripts.size}.js`;
        scripts.set(code, script);
        return `<script src="${up}/assets/${script}"></script>`;
      },
    );
    writeFileSync(file, changed);
  }
  for (const [code, script] of scripts) writeFileSync(join(folder, 'assets', script), code);
}

/** The API reference as `npm run docs` has made it, in the site; where it has not, a page that says so. */
export function apiReference(root: string, project: string): { pages: string[]; plugin: Plugin } {
  const reference = join(project, 'dist-api');
  const isThere = existsSync(join(reference, 'index.html'));
  const page = `${root}api/index.html`;
  const plugin: Plugin = {
    name: 'api-reference',
    apply: 'build',
    enforce: 'pre',
    resolveId: (id) => (id === page ? id : null),
    load: (id) => (id === page ? missing : null),
    writeBundle({ dir = '' }) {
      if (!isThere) return;
      cpSync(reference, join(dir, 'api'), { recursive: true });
      adapt(join(dir, 'api'));
    },
  };
  return { pages: isThere ? [] : [page], plugin };
}
