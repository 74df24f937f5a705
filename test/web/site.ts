import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, expect, inject } from 'vitest';
import type { TestContext } from 'vitest';
import { missingBrowser } from '../package/chromium.ts';
import { need } from '../support/needs.ts';

const root = resolve(import.meta.dirname, '../..');
const shots = join(root, 'dist-web-shots');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const PHONE = { width: 280, height: 653 };
export const DESK = { width: 1400, height: 900 };

/** How a page is opened. */
export interface Visit {
  /** Default: `DESK`. */
  readonly size?: { readonly width: number; readonly height: number } | undefined;
  /** Default: light. */
  readonly theme?: 'light' | 'dark' | undefined;
  readonly reducedMotion?: boolean | undefined;
  /** The site in a folder of its host, instead of at its root. */
  readonly inFolder?: boolean | undefined;
  /** In the page before anything of its own. */
  readonly before?: string | undefined;
}

/** A page of the site, and what went wrong in it. */
export interface Visited {
  readonly page: Page;
  /** Errors and warnings of the console, what nobody caught, requests that failed or left the origin. */
  readonly faults: readonly string[];
}

let browser: Promise<Browser> | undefined;

afterAll(async () => {
  const started = await browser;
  browser = undefined;
  await started?.close();
});

/** Everything about a page that is not as it should be. */
export function faultsOf(page: Page, origin: string): string[] {
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.stack ?? error.message}`));
  page.on('console', (said) => {
    if (said.type() === 'error' || said.type() === 'warning')
      faults.push(`console ${said.type()}: ${said.text()}`);
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin && !['data:', 'blob:'].includes(url.protocol))
      faults.push(`request to ${url.href}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) faults.push(`${response.status()} for ${response.url()}`);
  });
  return faults;
}

function contextOptions({ size, theme, reducedMotion }: Visit): BrowserContextOptions {
  return {
    viewport: size ?? DESK,
    colorScheme: theme ?? 'light',
    reducedMotion: reducedMotion === true ? 'reduce' : 'no-preference',
  };
}

/**
 * Opens a page of the built site (`lab/?board=reel_board`) in a profile of its own, which the end of the test closes.
 * Skips the test where there is no browser. A test that expects no faults says so: `expect(faults).toEqual([])`.
 */
export async function visit(context: TestContext, path: string, how: Visit = {}): Promise<Visited> {
  need(context, missingBrowser());
  const site = inject('site');
  if (site === undefined) throw new Error('expected the site to be served, see test/web/setup.ts');
  browser ??= chromium.connect(site.browser);
  const profile = await (await browser).newContext(contextOptions(how));
  context.onTestFinished(() => profile.close());
  const page = await profile.newPage();
  if (how.before !== undefined) await page.addInitScript(how.before);
  const base = how.inFolder === true ? site.folderUrl : site.url;
  const faults = faultsOf(page, new URL(base).origin);
  await page.goto(base + path);
  return { page, faults };
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}

/** What axe finds wrong with a page as it is now, shadow roots included: a line for each place. */
export async function axeViolations(page: Page): Promise<string[]> {
  // By the debugger, which the page's policy does not hold.
  await page.evaluate(axe);
  const result = (await page.evaluate(
    'axe.run(document, { resultTypes: ["violations"] })',
  )) as AxeResult;
  return result.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id} (${help}): ${html}: ${failureSummary}`),
  );
}

/** How many pixels of a page are to the right of what one sees of it. */
export async function overflowPx(page: Page): Promise<number> {
  const width = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
  return (await page.evaluate(width)) as number;
}

/** Keeps a picture of a page as it is now, in `dist-web-shots/NAME.png`. */
export async function shot(page: Page, name: string): Promise<void> {
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
}

/** What the documents' pictures are of: as much of a page as is seen at once. */
const PICTURED = { width: 1280, height: 800 };

/**
 * Keeps what one sees of a page, as `shot` does; with DFUKIT_PICTURES=1 it is the picture of that name in `docs/pictures`
 * from then on.
 */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env['DFUKIT_PICTURES'] === '1' ? join(root, 'docs/pictures') : shots;
  mkdirSync(folder, { recursive: true });
  const before = page.viewportSize();
  await page.setViewportSize(PICTURED);
  await page.evaluate('scrollTo(0, 0)');
  await page.screenshot({ path: join(folder, `${name}.png`) });
  if (before !== null) await page.setViewportSize(before);
}

/** What every state of every page has to be: without faults, without barriers, and no wider than its window. */
export async function expectSound({ page, faults }: Visited): Promise<void> {
  expect(await axeViolations(page)).toEqual([]);
  expect(await overflowPx(page)).toBe(0);
  expect(faults).toEqual([]);
}
