import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Page } from 'playwright-core';
import type { buildSync } from 'esbuild';
import type { Bench } from './bench.ts';
import { BoardProcess } from './board.ts';
import { allowDevices, load, openBrowser } from './chromium.ts';
import { assertSlotHolds, flashHolding, imagePath } from './flash.ts';
import { HELLO_0, HELLO_1 } from './images.ts';
import type { ImageName } from './images.ts';
import type { Scenario } from './scenario.ts';

/*
 * A page that flashes a board with this package, in a browser, by way of its WebUSB. That its person has picked the
 * device before is what a policy of the machine says here.
 */

/** The checkout. */
const root = `${process.env['DFUKIT']}`;

const PORT = 18080;

const PAGE = '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>';

/** What the page is made of: the lines that the README shows. */
const SCRIPT = `
import { findDevices, flash } from 'dfukit';

globalThis.flashIt = async (bytes, alternate) => {
  const said = [];
  const [device] = await findDevices();
  if (device === undefined) return { said };
  const { ending, acknowledged } = await flash(device, Uint8Array.from(bytes), {
    alternate,
    onEvent: ({ type }) => void (said.includes(type) || said.push(type)),
  });
  return { id: device.id, mode: device.mode, ending, bytes: acknowledged.bytes, said };
};
`;

/** What \`flashIt\` answers. */
interface Flashed {
  readonly id?: string;
  readonly mode?: string;
  readonly ending?: string;
  readonly bytes?: number;
  readonly said: readonly string[];
}

/** Bundles the page and serves it, from this machine to itself: WebUSB is for secure origins. */
async function serve(bench: Bench): Promise<string> {
  const esbuild = load('esbuild') as { readonly buildSync: typeof buildSync };
  const { outputFiles } = esbuild.buildSync({
    stdin: { contents: SCRIPT, resolveDir: root },
    alias: { dfukit: `${root}/dist/index.js` },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
  });
  const script = outputFiles[0]?.text ?? '';
  const server = createServer((request, response) => {
    const isScript = request.url === '/page.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : PAGE);
  });
  await new Promise<void>((resolve) => server.listen(PORT, '127.0.0.1', resolve));
  bench.atEnd(() => void server.close());
  return `http://localhost:${PORT}`;
}

async function openPage(bench: Bench, url: string): Promise<Page> {
  allowDevices(url, '1209:7d00', '1209:7d02');
  const page = await openBrowser(bench, { limitMs: 400_000 });
  await page.goto(url);
  await page.waitForFunction('globalThis.flashIt !== undefined');
  return page;
}

async function flashed(
  bench: Bench,
  page: Page,
  { image, alternate }: { readonly image: ImageName; readonly alternate: number },
): Promise<Flashed> {
  const bytes = [...readFileSync(imagePath(image))];
  const told = await page.evaluate<Flashed>(`flashIt([${bytes.join()}], ${alternate})`);
  bench.note(`page: ${JSON.stringify(told)}`);
  return told;
}

/** A browser's USB, and what the package makes of it. */
export const webPage: readonly Scenario[] = [
  {
    name: 'a page in Chromium flashes a board over WebUSB, from DFU mode and from run-time mode',
    async run(bench) {
      const flash = flashHolding(bench);
      const board = await BoardProcess.attached(bench, '--flash', flash);
      const page = await openPage(bench, await serve(bench));
      const first = await flashed(bench, page, { image: HELLO_0, alternate: 0 });
      assert.equal(first.id, '1209:7d02');
      assert.equal(first.bytes, readFileSync(imagePath(HELLO_0)).length);
      await board.next({ event: 'boot', mode: 'application', slot: 0, version: 1 });
      await board.configured('1209:7d00');

      const second = await flashed(bench, page, { image: HELLO_1, alternate: 1 });
      assert.equal(second.mode, 'runtime');
      assert.ok(second.said.includes('returned'), 'it came back to the page in DFU mode');
      await board.next({ event: 'boot', mode: 'application', slot: 1, version: 2 });
      await board.quit();
      assertSlotHolds(flash, HELLO_0);
      assertSlotHolds(flash, HELLO_1);
    },
  },
];
