import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import * as esbuild from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { need } from '../support/needs.ts';
import { missingBrowser, outcomeInChromium } from './chromium.ts';

const root = resolve(import.meta.dirname, '../..');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-compression-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Signs 30000 bytes compressed; the outcome is what compression came to, and the image's flags. Python 3.11's
 * lzma makes 710 bytes of them.
 */
const PAGE = `
import createLiblzma from 'node-liblzma/wasm/liblzma.js';
import wasmBinary from 'node-liblzma/wasm/liblzma.wasm';
import { liblzmaCompressor, parseImage, parseVersion, signImage } from './src/image/public.ts';

async function outcome() {
  const liblzma = await createLiblzma({ wasmBinary });
  const compression = { compressor: liblzmaCompressor(liblzma), armThumb: true };
  const payload = Uint8Array.from({ length: 30000 }, (_, at) => (at % 97) * (at % 7));
  const options = { version: parseVersion('1.0'), headerSize: 32, padHeader: true, compression };
  const made = await signImage(payload, options);
  return { ...made.compression, flags: parseImage(made.bytes).header.flags };
}
globalThis.outcome = outcome();
`;

test('a page compresses an image as imgtool does', async (context) => {
  need(context, missingBrowser());
  esbuild.buildSync({
    stdin: { contents: PAGE, resolveDir: root, loader: 'ts' },
    outfile: join(folder, 'page.js'),
    bundle: true,
    loader: { '.wasm': 'binary' },
    format: 'esm',
    platform: 'browser',
  });
  const html =
    '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>';
  writeFileSync(join(folder, 'index.html'), html);
  const expected = { payloadBytes: 30_000, streamBytes: 710, gained: true, flags: 0xc00 };
  expect(await outcomeInChromium(folder)).toEqual(expected);
});
