import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Locator, Page } from 'playwright-core';
import type { Bench } from './bench.ts';
import { BoardProcess, dfukit } from './board.ts';
import { allowDevices, openBrowser } from './chromium.ts';
import { assertSlotHolds, flashHolding, imagePath } from './flash.ts';
import { HELLO_0, HELLO_1 } from './images.ts';
import type { Scenario } from './scenario.ts';
import { DFU_MODE, REEL, RUN_TIME, ZephyrBench, signedUpdate } from './zephyr-board.ts';

/*
 * The element as it is shipped, on a page with a strict policy, in a browser with its WebUSB. What its person has allowed the
 * page is what a policy of the machine says here: no program answers the browser's chooser.
 */

/** The checkout. */
const root = `${process.env['DFUKIT']}`;
const ELEMENT = `${root}/dist/dfu-flasher/dfu-flasher.all.js`;

const PORT = 18081;
const URL = `http://localhost:${PORT}`;
/** How long a browser in the guest may take over anything, in ms. */
const LIMIT_MS = 200_000;

const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'";

/** A bar that moves all the time takes what an emulated processor has. */
const STYLE = 'dfu-flasher::part(progress) { display: none; }';

/** What the page keeps of what the element tells. */
const WATCH = `
const flasher = document.querySelector('dfu-flasher');
globalThis.told = [];
globalThis.ended = undefined;
flasher.addEventListener('dfu-event', ({ detail }) => {
  if (detail.type === 'progress') return;
  const { type, filters, message } = detail;
  globalThis.told.push({ type, filters, message });
});
flasher.addEventListener('dfu-ended', ({ detail }) => { globalThis.ended = detail; });
`;

/** One event of the host, as far as it is kept. */
interface Told {
  readonly type: string;
  readonly filters?: readonly object[];
  readonly message?: string;
}

/** The element's last word. */
interface Ended {
  readonly outcome?: string;
  readonly rating: string;
  readonly runs?: string;
  readonly said: { readonly text: string };
}

interface Flashed {
  readonly ended: Ended;
  readonly told: readonly Told[];
}

/** A page with the element, for whatever `file` holds at the time. */
function serve(bench: Bench): void {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new globalThis.URL(request.url ?? '', URL);
    response.setHeader('content-security-policy', CSP);
    if (pathname === '/') {
      const alt = searchParams.get('alt');
      const attributes = `src="/firmware.bin"${alt === null ? '' : ` alt="${alt}"`}`;
      response.setHeader('content-type', 'text/html');
      response.end(`<!doctype html><meta charset="utf-8"><title>Flasher</title>
<link rel="stylesheet" href="/page.css">
<script type="module" src="/dfu-flasher.js"></script>
<dfu-flasher ${attributes}></dfu-flasher>
<script type="module" src="/watch.js"></script>`);
    } else if (pathname === '/firmware.bin') {
      response.end(readFileSync(bench.path('firmware.bin')));
    } else if (pathname === '/dfu-flasher.js' || pathname === '/watch.js') {
      response.setHeader('content-type', 'text/javascript');
      response.end(pathname === '/watch.js' ? WATCH : readFileSync(ELEMENT));
    } else if (pathname === '/page.css') {
      response.setHeader('content-type', 'text/css');
      response.end(STYLE);
    } else response.writeHead(404).end();
  });
  server.listen(PORT, '127.0.0.1');
  bench.atEnd(() => void server.close());
}

/** The element's button of that name, which is in its shadow tree. */
const button = (page: Page, name: string): Locator =>
  page.locator('dfu-flasher').getByRole('button', { name });

/** What the element has written down. */
const logOf = (page: Page): Promise<string> =>
  page.evaluate<string>("document.querySelector('dfu-flasher').log()");

/** What a person does: connects, looks at what the file is, flashes, and waits for the last word. */
async function flashed(
  bench: Bench,
  page: Page,
  {
    image,
    alternate,
    meanwhile = () => Promise.resolve(),
  }: {
    readonly image: string;
    readonly alternate?: number;
    /** Done once it is being flashed. */
    readonly meanwhile?: () => Promise<void>;
  },
): Promise<Flashed> {
  copyFileSync(image, bench.path('firmware.bin'));
  await page.goto(alternate === undefined ? URL : `${URL}/?alt=${alternate}`);
  try {
    await button(page, 'Connect a device').click();
    await button(page, 'Flash').click();
    await meanwhile();
    await button(page, 'Start again').waitFor();
  } catch (error) {
    bench.note(`page shows: ${await page.locator('dfu-flasher').innerText()}`);
    bench.note(`page's log: ${await logOf(page)}`);
    throw error;
  }
  const ended = await page.evaluate<Ended>('globalThis.ended');
  const told = await page.evaluate<Told[]>('globalThis.told');
  for (const each of told) bench.note(`page: ${JSON.stringify(each)}`);
  bench.note(`page: ${JSON.stringify(ended)}`);
  // What the element says at the end is what its event says.
  await page.locator('dfu-flasher').getByText(ended.said.text).first().waitFor();
  return { ended, told };
}

const types = ({ told }: Flashed): string[] => told.map(({ type }) => type);

/** Both of its modes were allowed before: nobody has to be asked again. */
async function flashXenon(bench: Bench, page: Page): Promise<void> {
  const flash = flashHolding(bench, HELLO_0);
  const board = await BoardProcess.run(bench, '--attach', '--flash', flash);
  await board.configured('1209:7d00');
  const image = imagePath(HELLO_1);
  const done = await flashed(bench, page, { image, alternate: 1 });
  assert.ok(types(done).includes('returned'), 'it came back to the page in DFU mode');
  assert.equal(done.ended.rating, 'good');
  await board.next({ event: 'boot', mode: 'application', slot: 1, version: 2 });
  await board.quit();
  assertSlotHolds(flash, HELLO_0);
  assertSlotHolds(flash, HELLO_1);
}

/** In DFU mode it is another device, which the page may not use until its person has said so. */
async function flashReel(bench: Bench, page: Page): Promise<void> {
  const sample = await ZephyrBench.start(bench, REEL);
  const image = await signedUpdate(bench, REEL, 'hello-world');
  const done = await flashed(bench, page, {
    image,
    alternate: 1,
    meanwhile: async () => {
      // The browser's chooser opens, which no program answers; what is allowed elsewhere meanwhile is taken up all the same.
      await button(page, 'Choose the device again').click();
      await sample.board.configured(DFU_MODE);
      assert.doesNotMatch(await logOf(page), /permission: .*(click|may not use USB)/u);
      assert.equal(await page.evaluate('globalThis.ended'), undefined);
      allowDevices(URL, RUN_TIME, DFU_MODE);
    },
  });
  assert.deepEqual(
    done.told.filter(({ type }) => type === 'permission').map(({ filters }) => filters),
    [
      [
        { classCode: 0xfe, subclassCode: 1, protocolCode: 2 },
        { vendorId: 0x2fe3, classCode: 0xfe, subclassCode: 1 },
      ],
    ],
  );
  assert.ok(types(done).includes('returned'), 'the search went on');
  assert.ok(['good', 'unknown'].includes(done.ended.rating), done.ended.said.text);
  await sample.board.quit();
  sample.assertSlotHolds(0, sample.sample);
  sample.assertSlotHolds(1, image);
}

const DISCO = 'stm32f072b_disco';
const DISCO_BYTES = 128 * 1024;

/** DfuSe: where the program belongs, its vector table says. */
async function flashDisco(bench: Bench, page: Page): Promise<void> {
  const image = bench.path('disco.bin');
  const build = ['firmware', 'build', 'dfu-runtime', '--board', DISCO, '-o', image];
  const { status } = await bench.run(process.execPath, [...dfukit, ...build]);
  assert.equal(status, 0);
  const flash = bench.path('disco-flash.bin');
  writeFileSync(flash, Buffer.alloc(DISCO_BYTES, 0xff));
  const board = await BoardProcess.run(bench, DISCO, '--attach', '--flash', flash);
  await board.configured('0483:df11');
  const done = await flashed(bench, page, { image });
  assert.equal(done.ended.rating, 'good');
  assert.equal(done.ended.outcome, 'verified');
  await board.next({ event: 'boot', mode: 'application' });
  await board.quit();
  const bytes = readFileSync(image);
  const held = readFileSync(flash);
  assert.equal(Buffer.compare(held.subarray(0, bytes.length), bytes), 0);
}

/** A page that may use these devices, in a browser of its own. */
async function pageFor(bench: Bench, ...ids: readonly string[]): Promise<Page> {
  allowDevices(URL, ...ids);
  serve(bench);
  return openBrowser(bench, { limitMs: LIMIT_MS, viewport: { width: 360, height: 400 } });
}

/** The element in a browser, at the kernel's devices. */
export const flasherPage: readonly Scenario[] = [
  {
    name: 'the element <dfu-flasher> in Chromium flashes a board out of its application',
    async run(bench) {
      await flashXenon(bench, await pageFor(bench, '1209:7d00', '1209:7d02'));
    },
  },
  {
    name: 'the element <dfu-flasher> in Chromium asks for a second permission, and goes on',
    async run(bench) {
      await flashReel(bench, await pageFor(bench, RUN_TIME));
    },
  },
  {
    name: 'the element <dfu-flasher> in Chromium finds the place of a program by its vector table (DfuSe)',
    async run(bench) {
      await flashDisco(bench, await pageFor(bench, '0483:df11', '1209:0001'));
    },
  },
];
