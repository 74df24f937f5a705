import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, inject } from 'vitest';
import type { TestContext } from 'vitest';
import { packageAliases } from '../../../web/build/aliases.ts';
import { servedHeaders } from '../../../web/build/policy.ts';
import { missingBrowser } from '../../package/chromium.ts';
import { need } from '../../support/needs.ts';
import { KEEPS_WORKERS } from '../workers.ts';

const root = resolve(import.meta.dirname, '../../..');

interface Served {
  readonly url: string;
  readonly close: () => Promise<void>;
}

let folder: string | undefined;
let served: Served | undefined;
let browser: Browser | undefined;

/** Builds `page/` as the site is built, with the same headers, and serves it. */
export function useBoardsPage(): void {
  beforeAll(async () => {
    const site = inject('site');
    if (site === undefined) return;
    folder = mkdtempSync(join(tmpdir(), 'dfukit-boards-'));
    await build({
      configFile: false,
      root: resolve(import.meta.dirname, 'page'),
      base: './',
      logLevel: 'error',
      resolve: { alias: packageAliases(root) },
      plugins: [servedHeaders()],
      worker: {
        format: 'es',
        rolldownOptions: { output: { entryFileNames: 'workers/[name]-[hash].js' } },
      },
      build: {
        target: 'chrome125',
        outDir: folder,
        emptyOutDir: true,
        modulePreload: { polyfill: false },
        chunkSizeWarningLimit: 4096,
      },
    });
    const { serveSite } = (await import(
      pathToFileURL(resolve(root, 'scripts/site-server.mjs')).href
    )) as { readonly serveSite: (options: { readonly folder: string }) => Promise<Served> };
    served = await serveSite({ folder });
    browser = await chromium.connect(site.browser);
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });
}

/** The page, opened anew; what goes wrong in it fails the test. */
export async function boardsPage(context: TestContext): Promise<Page> {
  need(context, missingBrowser());
  if (browser === undefined || served === undefined) throw new Error('expected a page');
  const profile = await browser.newContext();
  const page = await profile.newPage();
  await page.addInitScript(KEEPS_WORKERS);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (said) => {
    if (said.type() === 'error' || said.type() === 'warning') faults.push(said.text());
  });
  context.onTestFinished(async () => {
    await profile.close();
    expect(faults).toEqual([]);
  });
  await page.goto(served.url);
  return page;
}
