import { inflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { vectorFile } from '../../../test/support/mcuboot/imgtool-runs.ts';
import { toolchainFile } from '../../../test/support/toolchain/read.ts';
import { DfuError } from '../../bytes/index.ts';
import { readDfuPackage } from './dfu-package.ts';

const zip = toolchainFile('dfu_application.zip');
const image = vectorFile('out/version-4.bin.gz');
const inflate = (bytes: Uint8Array, most: number): Uint8Array =>
  Uint8Array.from(inflateRawSync(bytes, { maxOutputLength: most }));

/** The offset of the n-th place of these bytes. */
function place(text: string, n = 0): number {
  let at = -1;
  for (let found = 0; found <= n; found += 1) at = Buffer.from(zip).indexOf(text, at + 1, 'latin1');
  return at;
}

function changed(at: number, ...bytes: number[]): Uint8Array {
  const file = zip.slice();
  file.set(bytes, at);
  return file;
}

describe('dfu_application.zip', () => {
  test('has the images that its manifest lists, stored and deflated, and what it says of them', () => {
    const files = readDfuPackage(zip, inflate);
    expect(files.map(({ name, manifest }) => [name, manifest['image_index']])).toEqual([
      ['app_update.bin', '0'],
      ['net_core_app_update.bin', '1'],
    ]);
    for (const { bytes } of files) expect(bytes).toEqual(image);
    expect(files[0]?.manifest).toMatchObject({ load_address: '65536', slot_index_primary: '1' });
  });

  const central = place('PK\u0001\u0002');
  test.each<[string, Uint8Array, string]>([
    ['cut short', zip.slice(0, -30), 'expected a list of files at its end, found none'],
    ['a list cut short', changed(central, 0), 'expected 3 files in its list, got 0'],
    ['a byte of an image', changed(place('app_update.bin') + 20, 0x55), 'app_update.bin'],
    ['no file where it says', changed(0, 0), 'app_update.bin: expected a file at 0x0'],
    ['encrypted', changed(central + 8, 1), 'app_update.bin is encrypted'],
    [
      'another way of packing',
      changed(central + 10, 12),
      'stored or deflated (0 or 8), got method 12',
    ],
    ['too large by what it says', changed(central + 24, 0, 0, 0, 0x7f), 'bytes, got'],
    ['larger than it says', changed(central + 24, 1, 0, 0, 0), 'cannot be unpacked'],
    [
      'behind its end',
      changed(central + 42, 0xff, 0xff, 0xff, 0x7f),
      'expected a file at 0x7fffffff',
    ],
    ['nothing', new Uint8Array(3), 'found none'],
  ])('%s is refused', (_, file, message) => {
    expect(() => readDfuPackage(file, inflate)).toThrow(message);
    expect(() => readDfuPackage(file, inflate)).toThrow(DfuError);
  });

  test('damaged anywhere it is files, or an error in words', () => {
    const defects: unknown[] = [];
    for (let at = 0; at < zip.length; at += 1) {
      const file = changed(at, (zip[at] ?? 0) ^ (1 << (at % 8)));
      try {
        readDfuPackage(file, inflate);
      } catch (error) {
        if (!DfuError.is(error)) defects.push(error);
      }
    }
    expect(defects).toEqual([]);
  });
});
