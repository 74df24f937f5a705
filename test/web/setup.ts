// Once for all tests of the site: it is built if it is out of date, served, and a browser is started.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import type { TestProject } from 'vitest/node';
import { args, executablePath, missingBrowser } from '../package/chromium.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the site is, at `/` and in a folder; undefined without a browser to look at it. */
    readonly site: SiteUnderTest | undefined;
  }
}

export interface SiteUnderTest {
  readonly url: string;
  /** The same site, in a folder of its host. */
  readonly folderUrl: string;
  /** Of the browser, as Playwright connects to it. */
  readonly browser: string;
}

interface Served {
  readonly url: string;
  readonly close: () => Promise<void>;
}

const scripts = resolve(import.meta.dirname, '../../scripts');
const load = async <T>(name: string): Promise<T> =>
  (await import(pathToFileURL(resolve(scripts, name)).href)) as T;

export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (missingBrowser() !== undefined) {
    project.provide('site', undefined);
    return undefined;
  }
  const { buildSite, siteFolder } = await load<{ buildSite: () => boolean; siteFolder: string }>(
    'web.mjs',
  );
  const { serveSite } = await load<{
    serveSite: (options: { folder: string; base?: string }) => Promise<Served>;
  }>('site-server.mjs');
  if (!buildSite()) throw new Error('the site cannot be built');
  const [site, inFolder, browser] = await Promise.all([
    serveSite({ folder: siteFolder }),
    serveSite({ folder: siteFolder, base: '/some/folder/' }),
    chromium.launchServer({ executablePath, args: [...args], headless: true }),
  ]);
  project.provide('site', {
    url: site.url,
    folderUrl: inFolder.url,
    browser: browser.wsEndpoint(),
  });
  return async () => {
    await browser.close();
    await Promise.all([site.close(), inFolder.close()]);
  };
}
