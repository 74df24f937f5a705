// The site in Chromium: how large it is, how soon something is there, how fast its boards and devices are, and how long its pages
// are busy at a time. NAME… measures only those parts: sizes, visit, download, cuts, swaps.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { serveSite } from '../scripts/site-server.mjs';
import { buildSite, siteFolder } from '../scripts/web.mjs';
import { root } from '../scripts/run.mjs';
import { figure, median } from './figure.mjs';
import { STALL_MS, busyDuring, emptyPage, middleOf } from './web-page.mjs';
import { downloads } from './web-downloads.mjs';

const executablePath = '/usr/bin/chromium';
const TRIES = 5;
const FEW_TRIES = 3;
const SWAPS = 15;
/** Most time that one thing may take, in ms. */
const MOST_MS = 300_000;
const KIB = 1024;
const pages = ['', 'flasher/', 'lab/', 'lab/mcuboot/', 'lab/dump/', 'docs/readme/'];

const gzipKib = (bytes) => gzipSync(bytes, { level: 9 }).length / KIB;

/** A file's name without what the build puts of its content into it. */
const plainName = (name) => name.replace(/-[\w-]{8}(?=\.\w+$)/, '');

function bundles() {
  const folder = join(root, 'dist/dfu-flasher');
  const element = readdirSync(folder)
    .filter((name) => name.endsWith('.js'))
    .map((name) => join(folder, name));
  // What a page itself loads is counted page by page, below: its parts are cut as the build likes.
  const workers = readdirSync(join(siteFolder, 'workers')).map((name) =>
    join(siteFolder, 'workers', name),
  );
  for (const file of [...element, ...workers]) {
    const bytes = readFileSync(file);
    const name = plainName(file.split(/[\\/]/).slice(-2).join('/'));
    figure(`bundle ${name}`, bytes.length / KIB, 'KiB');
    figure(`bundle ${name}, gzip`, gzipKib(bytes), 'KiB');
  }
}

/** In the page, before anything of its own: when the board said something. */
const watch = `
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
  const empty = await emptyPage(browser);
  await empty.page.goto(url);
  return empty;
}

/** How long the page's own thread was busy, at a time and in all. */
function busyFigures(what, { stalls, longestMs, longestOwnMs, ownMs }, more) {
  figure(`${what}, tasks of the page over ${STALL_MS} ms`, stalls, 'tasks', more);
  figure(`${what}, longest task of the page`, longestMs, 'ms', more);
  figure(`${what}, longest task of the page, processor time`, longestOwnMs, 'ms', more);
  figure(`${what}, all tasks of the page, processor time`, ownMs, 'ms', more);
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

async function firstVisits(browser, url) {
  const paints = [];
  const alive = [];
  const busy = [];
  for (let at = 0; at < TRIES; at += 1) {
    const { page, close } = await emptyPage(browser, { watch });
    const visit = await busyDuring(browser, page, async () => {
      await page.goto(url);
      return page.evaluate(async () => ({
        aliveMs: await globalThis.alive,
        paintMs: performance.getEntriesByName('first-contentful-paint')[0].startTime,
      }));
    });
    paints.push(visit.value.paintMs);
    alive.push(visit.value.aliveMs);
    busy.push(visit);
    await close();
  }
  figure('first visit, first paint', median(paints), 'ms');
  figure('first visit, a board says something', median(alive), 'ms');
  busyFigures('first visit', middleOf(busy));
}

/** The laboratory with that board, and the flasher with that file in front of it. */
async function readyToFlash(page, { board, file, inBootloader }) {
  const buffer = Buffer.from(JSON.stringify(board));
  const boardFile = { name: 'board.json', mimeType: 'application/json', buffer };
  await page.getByLabel('Board file').setInputFiles(boardFile);
  await page.locator('#board-title', { hasText: board.name }).waitFor();
  await page.locator('.decision p:not(.muted)').first().waitFor();
  if (inBootloader) {
    await page.getByRole('button', { name: 'Reset with button held', exact: true }).click();
    await page.locator('#board', { hasText: '1209:7d02' }).waitFor();
  }
  await page.evaluate(async (text) => {
    const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
    const flasher = document.querySelector('dfu-flasher');
    await flasher.connect();
    await flasher.chooseFile(new File([bytes], 'update.bin'));
    await flasher.chooseAlternate(1);
  }, Buffer.from(file).toString('base64'));
}

/** In the page: resolves with the time that it took until the device has acknowledged all, in ms. */
const acknowledged = () =>
  new Promise((resolve, reject) => {
    const beganMs = performance.now();
    document.addEventListener('dfu-progress', ({ detail }) => {
      if (detail.phase === 'application') resolve(performance.now() - beganMs);
    });
    document.addEventListener('dfu-state', ({ detail }) => {
      if (detail.step === 'ended') reject(new Error(`it ended: ${JSON.stringify(detail.outcome)}`));
    });
  });

async function download(browser, url, order) {
  const { page, close } = await opened(browser, `${url}lab/`);
  await readyToFlash(page, order);
  const found = await busyDuring(browser, page, async () => {
    const done = page.evaluate(acknowledged);
    await page.locator('dfu-flasher').getByRole('button', { name: 'Flash', exact: true }).click();
    return done;
  });
  await close();
  return { ...found, rate: order.file.length / 1000 / found.value };
}

async function downloadsInPage(browser, url) {
  for (const order of downloads) {
    const { blockBytes } = order;
    const all = [];
    for (let at = 0; at < FEW_TRIES; at += 1) all.push(await download(browser, url, order));
    const rate = median(all.map((each) => each.rate));
    figure('download of 1 MiB in the page', rate, 'MB/s', { blockBytes });
    busyFigures('download of 1 MiB in the page', middleOf(all), { blockBytes });
  }
}

const SLOT_KIBIBYTES = 512;
const slotSectors = (SLOT_KIBIBYTES * KIB) / 4096;
const imageBytes = 480 * KIB;

/** Everything at once: each kind of cut at each operation, and two in a row. */
async function cutsInPage(browser, url) {
  const query = `sectors=${slotSectors}&old=${imageBytes}&new=${imageBytes}`;
  const { page, close } = await opened(browser, `${url}lab/mcuboot/?${query}`);
  await page.getByRole('button', { name: 'Explore' }).waitFor();
  await page.getByLabel('two cuts in a row').check();
  await page.locator('.next-boot').waitFor();
  const found = await busyDuring(browser, page, async () => {
    const began = performance.now();
    await page.getByRole('button', { name: 'Explore' }).click();
    await page.getByRole('status').waitFor({ timeout: MOST_MS });
    const seconds = (performance.now() - began) / 1000;
    const counted = await page.evaluate(() => {
      const { shadowRoot } = document.querySelector('lab-mcuboot');
      const { cases, counts, operations } = shadowRoot.querySelector('lab-cut-explorer').report;
      const cutsInARow = Object.values(counts.pairs).reduce((sum, each) => sum + each, 0);
      return { operations: operations.length, cuts: cases, cutsInARow };
    });
    // What is shown of it is part of it.
    await page.evaluate(
      () => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn))),
    );
    return { seconds, ...counted };
  });
  await close();
  const { seconds, cuts, ...counted } = found.value;
  const more = { slotKibibytes: SLOT_KIBIBYTES, cuts, ...counted };
  figure('power cuts in the page', cuts / seconds, '1/s', more);
  figure('power cuts in the page, all', seconds, 's', more);
  busyFigures('power cuts in the page', found, more);
}

/** In the page: how long the worker takes for a boot that swaps, in ms; it has the device already. */
async function swapsMs({ address, scenario, times }) {
  const worker = new Worker(address, { type: 'module' });
  let id = 0;
  const ask = (name, question) =>
    new Promise((resolve, reject) => {
      id += 1;
      const mine = id;
      worker.addEventListener('message', function hear({ data }) {
        if (data.id !== mine || 'progress' in data) return;
        worker.removeEventListener('message', hear);
        if ('error' in data) reject(new Error(data.error.message));
        else resolve(data.answer);
      });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
      worker.postMessage({ id, name, question });
    });
  const all = [];
  for (let at = 0; at < times; at += 1) {
    await ask('open', scenario);
    const began = performance.now();
    const [{ end }] = await ask('play', [{ do: 'boot' }]);
    all.push(performance.now() - began);
    if (!end.includes('2.0.0')) throw new Error(`expected a swap, got: ${end}`);
  }
  worker.terminate();
  return all;
}

async function swapsInPage(browser, url) {
  const name = readdirSync(join(siteFolder, 'workers')).find((each) =>
    each.startsWith('swap-worker'),
  );
  const { page, close } = await opened(browser, url);
  for (const mode of ['swap-using-move', 'swap-using-offset', 'swap-using-scratch']) {
    const sizes = { sectorBytes: 4096, sectors: slotSectors, scratchSectors: 4, writeUnit: 4 };
    const images = { oldBytes: imageBytes, newBytes: imageBytes, request: 'test' };
    const scenario = { board: '', mode, ...sizes, ...images };
    const order = { address: `${url}workers/${name}`, scenario, times: SWAPS };
    const rate = 1000 / median(await page.evaluate(swapsMs, order));
    figure(`swaps in the page, ${mode}`, rate, '1/s', { slotKibibytes: SLOT_KIBIBYTES });
  }
  await close();
}

const parts = {
  sizes: async (browser, url) => {
    bundles();
    await weights(browser, url);
  },
  visit: firstVisits,
  download: downloadsInPage,
  cuts: cutsInPage,
  swaps: swapsInPage,
};

async function measure(wanted) {
  if (!buildSite()) throw new Error('the site cannot be built');
  const site = await serveSite({ folder: siteFolder });
  const args = ['--no-sandbox', '--disable-gpu'];
  const browser = await chromium.launch({ executablePath, args, headless: true });
  try {
    for (const [name, part] of Object.entries(parts))
      if (wanted.length === 0 || wanted.includes(name)) await part(browser, site.url);
  } finally {
    await browser.close();
    await site.close();
  }
}

if (existsSync(executablePath)) await measure(process.argv.slice(2));
else console.error('bench: Chromium is not there; test/package/browser install');
