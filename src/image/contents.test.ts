import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { appendSuffix, splitSuffix, writeDfuSeFile } from '../dfu/index.ts';
import {
  outputFormats,
  readContents,
  writeContents,
  writeUf2,
  readUf2,
  withLpcPrefix,
  withStellarisPrefix,
  writeSRecords,
} from './index.ts';
import type { OutputFormat } from './index.ts';

const data = Uint8Array.from({ length: 600 }, (_, at) => (at * 5) & 0xff);
const ids = { bcdDevice: 3, idProduct: 0x7d02, idVendor: 0x1209, bcdDFU: 0x0100 };

/** Through a format and back: the pieces. */
function through(format: OutputFormat, address: number | undefined, bytes: Uint8Array): unknown {
  const contents = readContents(bytes, { address, format: 'bin' });
  return readContents(writeContents(contents, format)).parts[0]?.pieces;
}

describe('every format', () => {
  test.each(outputFormats)('%s: back again, byte for byte', (format) => {
    const address = ['bin', 'dfu'].includes(format) ? undefined : 0x8000;
    // UF2 has whole pages of 256 bytes.
    const bytes = data.subarray(0, 512);
    expect(through(format, address, bytes)).toEqual([{ address, bytes }]);
  });

  test('any bytes, anywhere', () => {
    const where = fc.integer({ min: 0, max: 0xffff_ff00 });
    const what = fc.uint8Array({ minLength: 1, maxLength: 255 });
    const how = fc.constantFrom<OutputFormat>('hex', 'srec', 's37', 'dfuse');
    fc.assert(
      fc.property(where, what, how, (address, bytes, format) => {
        expect(through(format, address, bytes)).toEqual([{ address, bytes }]);
      }),
    );
  });

  test('a format with addresses wants one', () => {
    for (const format of outputFormats.filter((each) => !['bin', 'dfu'].includes(each))) {
      const write = (): unknown => writeContents(readContents(data), format);
      expect(write).toThrow(/says where bytes belong/);
    }
  });

  test('what is no firmware is none', () => {
    expect(() => readContents(Uint8Array.of(0x50, 0x4b, 3, 4))).toThrow(/a zip file, no firmware/);
    expect(() => readContents(new Uint8Array(0))).toThrow(/empty/);
    expect(readContents(Uint8Array.of(0x50, 0x4b, 3, 4), { format: 'bin' }).format).toBe('bin');
  });
});

describe('suffix and prefix', () => {
  test('a suffix stays, or names another device', () => {
    const contents = readContents(appendSuffix(data, ids));
    expect(splitSuffix(writeContents(contents, 'dfu')).suffix).toEqual(ids);
    const other = { idVendor: 0x0483, idProduct: 0xdf11 };
    expect(splitSuffix(writeContents(contents, 'dfu', { suffix: other })).suffix).toEqual({
      ...ids,
      ...other,
    });
    expect(writeContents(contents, 'bin')).toEqual(data);
  });

  test('a prefix is taken off, and its address counts', () => {
    const { prefix, parts } = readContents(withStellarisPrefix(data, 0x2000));
    expect(prefix?.kind).toBe('stellaris');
    expect(parts[0]?.pieces).toEqual([{ address: 0x2000, bytes: data }]);
    expect(readContents(withLpcPrefix(data)).parts[0]?.pieces[0]?.bytes).toEqual(data);
    const elsewhere = (): unknown =>
      readContents(withStellarisPrefix(data, 0x2000), { address: 0x4000 });
    expect(elsewhere).toThrow(/belongs at 0x00002000, the address given is 0x00004000/);
  });
});

describe('several pieces', () => {
  const dfuse = writeDfuSeFile([
    {
      alternate: 0,
      name: 'flash',
      elements: [
        { address: 0x100, data: data.subarray(0, 8) },
        { address: 0x110, data: data.subarray(8, 16) },
      ],
    },
    { alternate: 1, elements: [{ address: 0x100, data }] },
  ]);

  test('gaps are filled in one run', () => {
    const contents = readContents(dfuse, { alternate: 0 });
    const bytes = writeContents(contents, 'bin', { filler: 0 });
    expect([...bytes.subarray(6, 18)]).toEqual([30, 35, 0, 0, 0, 0, 0, 0, 0, 0, 40, 45]);
  });

  test('alternates stay in DfuSe, and must be named for all else', () => {
    expect(readContents(writeContents(readContents(dfuse), 'dfuse')).parts).toEqual(
      readContents(dfuse).parts,
    );
    expect(() => writeContents(readContents(dfuse), 'hex')).toThrow(/is for several: 0, 1/);
    expect(() => readContents(dfuse, { alternate: 7 })).toThrow(/nothing for alternate 7.*0, 1/);
    expect(() => readContents(dfuse, { address: 0x900 })).toThrow(/belongs at 0x00000100/);
  });

  test('elements that contradict each other are refused', () => {
    const file = writeDfuSeFile([
      {
        alternate: 0,
        elements: [
          { address: 0, data: data.subarray(0, 8) },
          { address: 4, data: data.subarray(0, 8) },
        ],
      },
    ]);
    expect(() => readContents(file)).toThrow(/DfuSe file element 1: .*given twice/);
  });

  test('memories far apart are no run', () => {
    const text = writeSRecords([
      { address: 0, bytes: data },
      { address: 0x1000_0000, bytes: data },
    ]);
    const contents = readContents(new TextEncoder().encode(text));
    expect(() => writeContents(contents, 'bin')).toThrow(/several memories: 0x00000000 to/);
  });
});

describe('S-records and UF2', () => {
  test('the kind is the smallest that has the addresses', () => {
    const kinds = [0x10, 0x1_0000, 0x100_0000].map(
      (address) => writeSRecords([{ address, bytes: Uint8Array.of(1) }]).split('\n')[1],
    );
    expect(kinds).toEqual(['S104001001EA', 'S20501000001F8', 'S3060100000001F7']);
    const tooFar = (): string =>
      writeSRecords([{ address: 0x1_0000, bytes: data }], { kind: 's19' });
    expect(tooFar).toThrow(/expected addresses of 16 bits, got up to 0x10257/);
    expect(writeSRecords([], { name: 'app' })).toBe('S0060000617070B8\nS9030000FC\n');
  });

  test('UF2 has whole pages, what is beside the bytes is filler, and a family', () => {
    const file = writeUf2([{ address: 0x1000_0010, bytes: data.subarray(0, 300) }], {
      family: 0xe48bff56,
      filler: 0xee,
    });
    const [family] = readUf2(file).families;
    expect([family?.name, family?.segments[0]?.address]).toEqual(['RP2040', 0x1000_0000]);
    const { bytes } = family?.segments[0] ?? { bytes: data };
    expect([bytes.length, bytes[15], bytes[16], bytes[17], bytes[511]]).toEqual([
      512, 0xee, 0, 5, 0xee,
    ]);
    expect(() => writeUf2([{ address: 0xffff_fff0, bytes: data }])).toThrow(/32 bits/);
  });
});

test('what would be too large as text is refused at once', () => {
  // Never touched, so it costs nothing.
  const bytes = new Uint8Array(0x8000001);
  const pieces = [{ address: 0, bytes }];
  const part = { alternate: undefined, name: undefined, pieces };
  const contents = { format: 'bin', parts: [part], suffix: undefined, prefix: undefined } as const;
  for (const format of ['hex', 'srec', 'uf2'] as const) {
    expect(() => writeContents(contents, format)).toThrow('134217728 at most');
  }
});
