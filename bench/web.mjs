// The site in Chromium: how large it is, and how soon something is there.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { serveSite } from '../scripts/site-server.mjs';
import { buildSite, siteFolder } from '../scripts/web.mjs';
import { root } from '../scripts/run.mjs';
import { figure, median } from './figure.mjs';

const executablePath = '/usr/bin/chromium';
const TRIES = 5;
const KIB = 1024;
const pages = ['', 'flasher/', 'lab/', 'lab/mcuboot/', 'lab/dump/', 'docs/readme/'];

const gzipKib = (bytes) => gzipSync(bytes, { level: 9 }).length / KIB;

/** A file's name without what the build puts of its content into it. */
const plainName = (name) => name.replace(/-[\w-]{8}(?=\.\w+$)/, '');

function bundles() {
  const element = join(root, 'dist/dfu-flasher/dfu-flasher.js');
  // What a page itself loads is counted page by page, below: its parts are cut as the build likes.
  const workers = readdirSync(join(siteFolder, 'workers')).map((name) =>
    join(siteFolder, 'workers', name),
  );
  for (const file of [element, ...workers]) {
    const bytes = readFileSync(file);
    const name = plainName(file.split(/[\\/]/).slice(-2).join('/'));
    figure(`bundle ${name}`, bytes.length / KIB, 'KiB');
    figure(`bundle ${name}, gzip`, gzipKib(bytes), 'KiB');
  }
}

/** In the page, before anything of its own: how long its thread was busy at a time, and when the board said something. */
const watch = `
  globalThis.stalls = [];
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) stalls.push({ startTime, duration });
  }).observe({ type: 'longtask', buffered: true });
  const within = (...path) => path.reduce((at, name) => at?.querySelector(name)?.shadowRoot, document);
  globalThis.alive = new Promise((resolve) => {
    const look = () => {
      const log = within('site-live-board', 'lab-console')?.querySelector('.log');
      if (log?.childElementCount > 0) resolve(performance.now());
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
`;

async function opened(browser, url) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  const page = await context.newPage();
  const files = new Set();
  page.on('request', (request) => files.add(new URL(request.url()).pathname));
  page.on('pageerror', (error) => {
    throw error;
  });
  await page.addInitScript(watch);
  await page.goto(url);
  return { page, files, close: () => context.close() };
}

async function weights(browser, url) {
  for (const path of pages) {
    const { page, files, close } = await opened(browser, url + path);
    await page.waitForLoadState('networkidle');
    const programs = [...files].filter((name) => name.endsWith('.js'));
    const sizes = programs.map((name) => gzipKib(readFileSync(join(siteFolder, name))));
    figure(
      `page /${path}, programs, gzip`,
      sizes.reduce((a, b) => a + b, 0),
      'KiB',
    );
    await close();
  }
}

async function firstVisit(browser, url) {
  const paints = [];
  const alive = [];
  let stalled = [];
  for (let at = 0; at < TRIES; at += 1) {
    const { page, close } = await opened(browser, url);
    const found = await page.evaluate(async () => ({
      aliveMs: await globalThis.alive,
      paintMs: performance.getEntriesByName('first-contentful-paint')[0].startTime,
      stalls: globalThis.stalls,
    }));
    paints.push(found.paintMs);
    alive.push(found.aliveMs);
    stalled = stalled.concat(found.stalls);
    await close();
  }
  figure('first visit, first paint', median(paints), 'ms');
  figure('first visit, a board says something', median(alive), 'ms');
  figure('first visit, longest task of the page', longest(stalled), 'ms');
}

/** Tasks under 50 ms are not told. */
const longest = (stalls) => Math.max(0, ...stalls.map(({ duration }) => duration));

async function measure() {
  if (!buildSite()) throw new Error('the site cannot be built');
  bundles();
  const site = await serveSite({ folder: siteFolder });
  const args = ['--no-sandbox', '--disable-gpu'];
  const browser = await chromium.launch({ executablePath, args, headless: true });
  try {
    await weights(browser, site.url);
    await firstVisit(browser, site.url);
  } finally {
    await browser.close();
    await site.close();
  }
}

if (existsSync(executablePath)) await measure();
else console.error('bench: Chromium is not there; test/package/browser install');
