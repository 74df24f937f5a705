import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page, chromium as Chromium } from 'playwright-core';
import type { Bench } from './bench.ts';

/** A package of the checkout: what runs here has been compiled elsewhere. */
export const load = (name: string): unknown =>
  createRequire(`${process.env['DFUKIT']}/package.json`)(name);

/** Policies of the machine. Of two files that say the same thing the browser takes one: there is one. */
const POLICIES = '/etc/chromium/policies/managed';
const POLICY = `${POLICIES}/web-usb.json`;

/** Lets the pages at this address use these devices (`1209:7d00`), and no other page any: nobody can answer the browser's chooser. */
export function allowDevices(url: string, ...ids: readonly string[]): void {
  mkdirSync(POLICIES, { recursive: true });
  const devices = ids.map((id) => {
    const [vendor = 0, product = 0] = id.split(':').map((part) => Number.parseInt(part, 16));
    return { vendor_id: vendor, product_id: product };
  });
  const policy = { WebUsbAllowDevicesForUrls: [{ devices, urls: [url] }] };
  writeFileSync(POLICY, JSON.stringify(policy));
}

/** A page in a browser of its own, which the end of the bench closes, and takes its permissions with it. */
export async function openBrowser(
  bench: Bench,
  {
    limitMs,
    viewport,
  }: {
    /** How long the browser may take over anything. */
    readonly limitMs: number;
    readonly viewport?: { readonly width: number; readonly height: number };
  },
): Promise<Page> {
  const { chromium } = load('playwright-core') as { readonly chromium: typeof Chromium };
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'],
    timeout: limitMs,
  });
  bench.atEnd(async () => {
    await browser.close();
    rmSync(POLICY, { force: true });
  });
  bench.note(`Chromium ${browser.version()}`);
  const page = await browser.newPage(viewport && { viewport });
  page.setDefaultTimeout(limitMs);
  page.on('console', (said) => bench.note(`page: ${said.text()}`));
  page.on('pageerror', (error) => bench.note(`page: ${String(error)}`));
  return page;
}
