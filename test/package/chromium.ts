import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { asRoot, installOnDebian } from '../support/needs.ts';
import type { MissingPart } from '../support/needs.ts';

export const executablePath = '/usr/bin/chromium';

/** What is missing here to run a browser, if anything is. */
export function missingBrowser(): MissingPart | undefined {
  if (existsSync(executablePath)) return undefined;
  return { what: 'Chromium', install: installOnDebian(asRoot('test/package/browser install')) };
}

export const args: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const TYPES: Readonly<Record<string, string>> = { html: 'text/html', js: 'text/javascript' };

/**
 * Opens `index.html` of a folder and answers what the page's `outcome` comes to. The page is answered from the folder
 * and reaches nothing else; what it reports as an error is one here.
 */
export async function outcomeInChromium(folder: string): Promise<unknown> {
  const browser = await chromium.launch({ executablePath, args: [...args], headless: true });
  try {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (said) => void (said.type() === 'error' && errors.push(said.text())));
    await page.route('**/*', async (route) => {
      const path = new URL(route.request().url()).pathname.slice(1) || 'index.html';
      const file = join(folder, path);
      const contentType = TYPES[path.split('.').at(-1) ?? ''];
      if (contentType === undefined || !existsSync(file)) await route.fulfill({ status: 204 });
      else await route.fulfill({ contentType, body: readFileSync(file, 'utf8') });
    });
    await page.goto('https://consumer.test/');
    const outcome: unknown = await page.evaluate('globalThis.outcome');
    if (errors.length > 0) throw new Error(`the page says: ${errors.join('\n')}`);
    return outcome;
  } finally {
    await browser.close();
  }
}
