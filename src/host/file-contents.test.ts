import { describe, expect, test } from 'vitest';
import { dfuse, plain } from '../../test/support/host-bench.ts';
import { toolchainFile } from '../../test/support/toolchain/read.ts';
import { uf2Blocks, uf2File } from '../../test/support/uf2-file.ts';
import { appendSuffix } from '../dfu/index.ts';
import { readSegments, writeIntelHex } from '../image/index.ts';
import { sendPlan, sendingOf } from './index.ts';
import type { DfuInterface, SendOptions, Sending } from './index.ts';

/* A file with addresses: its bytes go to the device, never its text. */

const text = (words: string): Uint8Array => new TextEncoder().encode(words);
const address = 0x0800_0000;
const code = Uint8Array.from({ length: 20 }, (_, at) => at + 1);
const segment = { address, bytes: code };
const srec = text('S107000001020304EE\nS9030000FC\n');
const files: Readonly<Record<string, Uint8Array>> = {
  hex: text(writeIntelHex([segment])),
  uf2: uf2File(...uf2Blocks([segment], { payloadSize: 16 })),
  'hex with a suffix': appendSuffix(text(writeIntelHex([segment])), {
    idVendor: 0xffff,
    idProduct: 0xffff,
    bcdDevice: 0xffff,
    bcdDFU: 0x0100,
  }),
};

const sending = (file: Uint8Array, to: DfuInterface, options: SendOptions = {}): Sending =>
  sendingOf(sendPlan(file, options), to);

/** Address and data of every block that a DfuSe device gets. */
function written(decided: Sending): [address: number, length: number][] {
  if (decided.dialect !== 'dfuse') throw new Error(`not sent: ${JSON.stringify(decided)}`);
  return decided.parts.flatMap(({ operations }) =>
    [...operations].flatMap((each): [number, number][] =>
      each.op === 'write' ? [[each.address, each.data.length]] : [],
    ),
  );
}

describe.each(Object.entries(files))('%s', (_, file) => {
  test('goes to a plain device as the bytes that are in it', () => {
    expect(sending(file, plain)).toMatchObject({ dialect: 'dfu', payload: code });
  });

  test('goes to a DfuSe device where it says itself', () => {
    for (const options of [{}, { address }, { address, leave: true }]) {
      expect(written(sending(file, dfuse, options))).toEqual([
        [address, 16],
        [address + 16, 4],
      ]);
    }
  });

  test('is not put elsewhere', () => {
    expect(sending(file, dfuse, { address: address + 16 })).toMatchObject({
      refused: {
        code: 'INVALID_ARGUMENT',
        message:
          'the file says itself that it belongs at 0x08000000, the address given is 0x08000010',
      },
    });
  });

  test('goes as it is where that is asked for', () => {
    const { payload } = sending(file, plain, { raw: true }) as { payload: Uint8Array };
    expect(payload.length).toBeGreaterThan(code.length);
    expect(file.subarray(0, payload.length)).toEqual(payload);
  });
});

describe('a file of several pieces', () => {
  const elf = toolchainFile('firmware.elf');

  test.each([
    ['hex', 'firmware.hex', 'objcopy -I ihex -O binary -j SECTION FILE FILE.bin'],
    ['srec', 'firmware.srec', 'objcopy -I srec -O binary -j SECTION FILE FILE.bin'],
    ['elf', 'firmware.elf', 'objcopy -O binary -j SECTION FILE FILE.bin'],
  ])('%s is refused by a plain device, with the command that converts it', (_, name, command) => {
    const { refused } = sending(toolchainFile(name), plain) as { refused: Error };
    expect(refused).toMatchObject({ code: 'REFUSED', remedies: ['raw'] });
    expect(refused.message).toContain('0x08004100 to 0x08004145 (70 bytes), 0x08004200');
    expect(refused.message).toContain(command);
  });

  test('with gaps that are not large: they can be filled', () => {
    const far = { address: address + 64, bytes: code };
    const hex = text(writeIntelHex([segment, far]));
    expect((sending(hex, plain) as { refused: Error }).refused.message).toContain(
      'objcopy -I ihex -O binary --gap-fill 0xff FILE FILE.bin',
    );
    const uf2 = uf2File(...uf2Blocks([segment, far]));
    expect((sending(uf2, plain) as { refused: Error }).refused.message).toContain(
      'send the binary that it was made of',
    );
  });

  test('goes to a DfuSe device piece by piece, each sector erased once', () => {
    const near = { address: address + 24, bytes: code.subarray(0, 4) };
    const decided = sending(text(writeIntelHex([segment, near])), dfuse);
    expect(written(decided)).toEqual([
      [address, 16],
      [address + 16, 4],
      [address + 24, 4],
    ]);
    expect(decided).toMatchObject({ planned: { erases: 2, bytes: 24, elements: 2 } });
  });

  test('is refused whole where a piece of it lies outside of the memory', () => {
    expect(sending(elf, dfuse)).toMatchObject({ refused: { name: 'DfuError' } });
  });
});

test('S-records are read, too', () => {
  expect(readSegments(srec, 'srec')).toEqual([{ address: 0, bytes: Uint8Array.of(1, 2, 3, 4) }]);
  expect(sending(srec, plain)).toMatchObject({ payload: Uint8Array.of(1, 2, 3, 4) });
});

test.each([
  ['a zip file', text('PK\u0003\u0004'), 'unzip it'],
  ['a key', text('-----BEGIN EC PRIVATE KEY-----\n'), 'no firmware'],
  ['a web page', text('<!doctype html><html lang="en">'), 'a web page, no firmware; fetch'],
  ['a HEX file without data', text(':00000001FF\n'), 'Intel HEX: expected data, got none'],
  ['a HEX file that is damaged', text(':00000001FE\n'), 'Intel HEX line 1: expected checksum'],
])('%s is not sent', (_, file, words) => {
  expect(() => sendPlan(file)).toThrow(words);
  expect(sending(file, plain, { raw: true })).toMatchObject({ payload: file });
});
