// The site around the package: one static folder, dist-web/, that any server of files can serve, in whatever folder.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import type { Plugin } from 'vite';
import { packageAliases } from './build/aliases.ts';
import { apiReference } from './build/api.ts';
import { noDeadLinks } from './build/dead-links.ts';
import { documents } from './build/documents.ts';
import { noWarnings } from './build/no-warnings.ts';
import { pagesIn } from './build/pages.ts';
import { servedHeaders } from './build/policy.ts';
import { shell } from './build/shell.ts';

const root = fileURLToPath(new URL('.', import.meta.url));
const project = fileURLToPath(new URL('..', import.meta.url));

const guides = documents(root, project);
const api = apiReference(root, project);

/** Browsers that have all that the styles and the package take for granted. */
const target = ['chrome125', 'firefox128', 'safari17.5'];

/** The package promises that importing it does nothing; a page's modules are there for what they do. */
function kept(folder: string): Plugin {
  return {
    name: 'kept',
    transform: (_, id) => (id.startsWith(folder) ? { moduleSideEffects: true } : null),
  };
}

export default defineConfig({
  root,
  // Nothing in it says where it stands: it works in a folder of a host as well as on one of its own.
  base: './',
  resolve: { alias: packageAliases(project) },
  plugins: [
    guides.plugin,
    api.plugin,
    shell(root),
    kept(root),
    servedHeaders(),
    noDeadLinks(),
    noWarnings(),
  ],
  worker: {
    format: 'es',
    plugins: () => [kept(root), noWarnings()],
    rolldownOptions: { output: { entryFileNames: 'workers/[name]-[hash].js' } },
  },
  build: {
    target,
    cssTarget: target,
    outDir: `${project}dist-web`,
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    // Images in the page's own text would need more than its own origin.
    assetsInlineLimit: 0,
    // A chunk's size is a figure of the benchmarks.
    chunkSizeWarningLimit: 4096,
    rolldownOptions: {
      input: [...pagesIn(root), ...guides.pages, ...api.pages],
      checks: { pluginTimings: false },
    },
  },
});
