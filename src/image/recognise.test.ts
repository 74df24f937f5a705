import { describe, expect, test } from 'vitest';
import { appendSuffix, writeDfuSeFile } from '../dfu/index.ts';
import {
  generateRiotbootHeader,
  recognise,
  riotbootHeader,
  unwrapFile,
  writeIntelHex,
} from './index.ts';

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));
const words = (length: number, ...numbers: readonly number[]): Uint8Array => {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  for (const [at, number] of numbers.entries()) view.setUint32(4 * at, number, true);
  return bytes;
};

const riotboot = generateRiotbootHeader({ version: 7, startAddress: 0x400, headerLength: 256 });
const damaged = riotboot.slice();
damaged[4] = 0x55;
const program = words(64, 0x2000_4000, 0x0800_0101);
const suffix = { idVendor: 0x1209, idProduct: 0x7d02, bcdDevice: 0xffff, bcdDFU: 0x0100 };

describe('what bytes are', () => {
  test.each<[string, Uint8Array, object]>([
    ['nothing', new Uint8Array(0), { format: 'empty' }],
    ['MCUboot, little endian', words(32, 0x96f3_b83d), { format: 'mcuboot' }],
    ['MCUboot, big endian', words(32, 0x3db8_f396), { format: 'mcuboot' }],
    ['ELF', ascii('\u007fELF\u0001\u0001'), { format: 'elf' }],
    ['UF2', ascii('UF2\nWQ]\u009e'), { format: 'uf2' }],
    ['DfuSe', writeDfuSeFile([]), { format: 'dfuse' }],
    ['a web page', ascii('\u00ef\u00bb\u00bf\n<!DOCTYPE html>'), { format: 'html' }],
    ['one without a declaration', ascii('<html lang="en">'), { format: 'html' }],
    ['what only begins like one', ascii('<htmlike'), { format: 'binary', vectors: undefined }],
    ['Intel HEX', ascii(':00000001FF\r\n'), { format: 'hex' }],
    ['riotboot', riotboot, { format: 'riotboot', fault: undefined }],
    ['riotboot, damaged', damaged, { format: 'riotboot', fault: 'checksum' }],
    ['erased flash', new Uint8Array(5).fill(0xff), { format: 'erased' }],
    [
      'a Cortex-M program',
      program,
      {
        format: 'binary',
        vectors: { offsetBytes: 0, stackPointer: 0x2000_4000, resetHandler: 0x0800_0101 },
      },
    ],
    [
      'one behind the room for its header',
      new Uint8Array([...new Uint8Array(512), ...program]),
      {
        format: 'binary',
        vectors: { offsetBytes: 512, stackPointer: 0x2000_4000, resetHandler: 0x0800_0101 },
      },
    ],
    ['zeros', new Uint8Array(1024), { format: 'binary', vectors: undefined }],
    [
      'a stack that is not in RAM',
      words(64, 0x0800_4000, 0x0800_0101),
      { format: 'binary', vectors: undefined },
    ],
    [
      'an even reset handler',
      words(64, 0x2000_4000, 0x0800_0100),
      { format: 'binary', vectors: undefined },
    ],
    ['a stack at an odd place', words(64, 0x2000_4002, 0x0800_0101), { vectors: undefined }],
    ['a text that begins with a colon', ascii(': no record\n'), { format: 'binary' }],
    ['too little of anything', ascii('RIO'), { format: 'binary', vectors: undefined }],
  ])('%s', (_, bytes, expected) => {
    expect(recognise(bytes)).toMatchObject(expected);
  });

  test('a riotboot header is read on the way', () => {
    const { header } = recognise(riotboot) as { header: object };
    expect(header).toEqual(riotbootHeader.decode(riotboot));
  });
});

describe('a file without its wrappings', () => {
  test('a suffix comes off and is told', () => {
    const { bytes, ...rest } = unwrapFile(appendSuffix(program, suffix));
    expect(bytes).toEqual(program);
    expect(rest).toMatchObject({ suffix, suffixProblem: undefined, what: { format: 'binary' } });
  });

  test('a damaged one stays, and why is told', () => {
    const file = appendSuffix(program, suffix);
    file[0] = 0xaa;
    const { bytes, suffix: none, suffixProblem } = unwrapFile(file);
    expect(bytes).toEqual(file);
    expect(none).toBeUndefined();
    expect(suffixProblem).toMatch(/^DFU suffix\.dwCRC: expected 0x[0-9a-f]{8}, got/);
  });

  test('Intel HEX becomes bytes and an address, also under a suffix', () => {
    const text = ascii(writeIntelHex([{ address: 0x2000, bytes: riotboot }]));
    expect(unwrapFile(appendSuffix(text, suffix))).toMatchObject({
      bytes: riotboot,
      address: 0x2000,
      suffix,
      what: { format: 'riotboot' },
    });
  });

  test('a HEX file that is damaged is an error', () => {
    expect(() => unwrapFile(ascii(':00000001FE\n'))).toThrow('Intel HEX line 1');
  });
});
