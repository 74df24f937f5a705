import { describe, expect, test } from 'vitest';
import { entry, functional } from '../../test/support/host-bench.ts';
import { appendSuffix, writeDfuSeFile } from '../dfu/index.ts';
import { generateRiotbootHeader } from '../image/index.ts';
import { sendPlan, sendingOf } from './index.ts';
import type { DfuInterface, SendOptions, Sending, SendingDevice } from './index.ts';

/*
 * What becomes of a file: kind of file × options × device, each decided before anything is sent.
 */

const ids = { idVendor: 0x1209, idProduct: 0x7d02, bcdDevice: 0xffff, bcdDFU: 0x0100 };
const binary = Uint8Array.from({ length: 20 }, (_, at) => at + 1);
const mcuboot = new Uint8Array(32);
new DataView(mcuboot.buffer).setUint32(0, 0x96f3_b83d, true);
const riotboot = generateRiotbootHeader({ version: 1, startAddress: 0x1000, headerLength: 256 });
const damaged = appendSuffix(binary, ids);
damaged[0] = 0xee;
const targets = [
  { alternate: 0, elements: [{ address: 0x08000000, data: binary }] },
  { alternate: 1, elements: [{ address: 0x08000030, data: binary.subarray(0, 4) }] },
  { alternate: 7, elements: [{ address: 0, data: binary }] },
];

/** Each with what is left of it to be sent, if it is one piece. */
const images: Readonly<Record<string, readonly [file: Uint8Array, payload: Uint8Array]>> = {
  binary: [binary, binary],
  mcuboot: [mcuboot, mcuboot],
  riotboot: [riotboot, riotboot],
  erased: [new Uint8Array(9).fill(0xff), new Uint8Array(9).fill(0xff)],
  'binary, suffix that fits': [appendSuffix(binary, ids), binary],
  'binary, suffix for any': [
    appendSuffix(binary, { ...ids, idVendor: 0xffff, idProduct: 0xffff }),
    binary,
  ],
  'binary, suffix of another release': [appendSuffix(binary, { ...ids, bcdDevice: 9 }), binary],
  'binary, suffix damaged': [damaged, damaged],
};
const foreign = appendSuffix(binary, { ...ids, idProduct: 0x1234 });
const empty = new Uint8Array(0);
const dfuseFile = writeDfuSeFile(targets, ids);
const dfuseForeign = writeDfuSeFile(targets, { ...ids, idVendor: 0x0483 });

const version = (bcdDFUVersion: number): DfuInterface['functional'] => ({
  ...functional,
  wTransferSize: 16,
  bcdDFUVersion,
});
const plain: DfuInterface = { ...entry, functional: version(0x0110) };
const dfuse: DfuInterface = {
  ...entry,
  alternate: 0,
  name: '@Flash/0x08000000/4*16Bg',
  functional: version(0x011a),
};
const blind: DfuInterface = { ...dfuse, name: 'UNKNOWN' };
const runtime: DfuInterface = { ...plain, mode: 'runtime' };
const canDnload = false;
const downless: DfuInterface = {
  ...plain,
  functional: { ...plain.functional, bmAttributes: { ...functional.bmAttributes, canDnload } },
};

/** A decision in a line: `plain 20`, `REFUSED force`, `0: erase, at 08000000, 16, 4, idle`. */
function inWords(sending: Sending): string {
  switch (sending.dialect) {
    case 'dfu':
      return `plain ${sending.payload.length}`;
    case 'dfuse':
      return sending.parts
        .map(({ entry: { alternate }, operations }) => {
          const words = operations.map((each) => {
            if (each.op === 'write') return String(each.data.length);
            if (each.op !== 'command') return each.op;
            const { command } = each;
            if (command.command !== 'set-address') return command.command;
            return `at ${command.address.toString(16).padStart(8, '0')}`;
          });
          return `${alternate}: ${words.join(', ')}`;
        })
        .join('; ');
    case undefined:
      return [sending.refused.code, ...sending.refused.remedies].join(' ');
    default:
      return sending satisfies never;
  }
}

function decided(
  file: Uint8Array | undefined,
  options: SendOptions,
  to: DfuInterface,
  device: SendingDevice = {},
): string {
  return inWords(sendingOf(sendPlan(file, options), to, device));
}

const address = 0x08000000;
const written20 = '0: erase, erase, at 08000000, 16, 4, idle';

describe('a file that is one image', () => {
  const each = Object.entries(images);

  test.each(each)('%s: all of it to a plain device, address or not', (_, [file, payload]) => {
    for (const options of [{}, { address }, { address, leave: true }, { force: true }] as const) {
      expect(decided(file, options, plain)).toBe(`plain ${payload.length}`);
      const sending = sendingOf(sendPlan(file, options), plain);
      expect(sending).toMatchObject({ dialect: 'dfu', payload });
    }
  });

  test.each(each)('%s: to a DfuSe device only where it is told to go', (_, [file, payload]) => {
    expect(decided(file, {}, dfuse)).toBe('INVALID_ARGUMENT address');
    expect(decided(file, { force: true }, dfuse)).toBe('INVALID_ARGUMENT address');
    const plan = sendPlan(file, { address, force: true });
    const sending = sendingOf(plan, dfuse);
    const total = { bytes: payload.length, elements: 1 };
    expect(sending).toMatchObject({ dialect: 'dfuse', planned: total });
  });

  test('its name is what it is, its suffix aside', () => {
    for (const [name, [file]] of each) {
      expect(name).toContain(sendPlan(file).format as string);
    }
    expect(sendPlan(dfuseFile).format).toBe('dfuse');
    expect(sendPlan(empty).format).toBe('empty');
    expect(sendPlan(undefined).format).toBeUndefined();
  });

  test('a damaged suffix is told', () => {
    expect(sendPlan(damaged).suffixProblem?.message).toMatch(/^DFU suffix\.dwCRC/);
    expect(sendPlan(binary).suffixProblem).toBeUndefined();
  });
});

describe('the truth table', () => {
  const mass = { massErase: true };
  const open = { unprotect: true };
  const other = { ...ids, idProduct: 0x1234 };

  test.each<[string, Uint8Array | undefined, SendOptions, DfuInterface, string]>([
    // one image, DFU 1.1
    ['nothing in it', empty, {}, plain, 'INVALID_ARGUMENT'],
    ['for another device', foreign, {}, plain, 'REFUSED force'],
    ['for another device, memory forced', foreign, { force: 'memory' }, plain, 'REFUSED force'],
    ['for another device, forced', foreign, { force: true }, plain, 'plain 20'],
    ['to a device without downloads', binary, {}, downless, 'UNSUPPORTED'],
    ['the same, memory forced', binary, { force: 'memory' }, downless, 'UNSUPPORTED'],
    ['the same, forced', binary, { force: true }, downless, 'plain 20'],
    ['mass erase where there is none', binary, { ...mass, force: true }, plain, 'UNSUPPORTED'],
    ['unprotect where there is none', binary, { ...open, force: true }, plain, 'UNSUPPORTED'],
    ['blocks of no size', binary, { transferSizeBytes: 0 }, plain, 'INVALID_ARGUMENT'],
    ['to run-time mode', binary, {}, runtime, 'INVALID_ARGUMENT'],
    // one image, DfuSe
    ['nothing in it', empty, { address }, dfuse, 'INVALID_ARGUMENT'],
    ['nothing in it, forced', empty, { address, force: true }, dfuse, 'INVALID_ARGUMENT'],
    ['at an address', binary, { address }, dfuse, written20],
    [
      'and leave',
      binary,
      { address, leave: true },
      dfuse,
      `${written20.slice(0, -4)}at 08000000, leave`,
    ],
    ['for another device', foreign, { address }, dfuse, 'REFUSED force'],
    [
      'for another device, memory forced',
      foreign,
      { address, force: 'memory' },
      dfuse,
      'REFUSED force',
    ],
    ['for another device, forced', foreign, { address, force: true }, dfuse, written20],
    ['beyond the memory', binary, { address: 0x08000030 }, dfuse, 'OUT_OF_RANGE'],
    [
      'the same, forced',
      binary,
      { address: 0x08000030, force: 'memory' },
      dfuse,
      '0: erase, at 08000030, 16, 4, idle',
    ],
    ['mass erase', binary, { address, ...mass }, dfuse, 'REFUSED force'],
    [
      'mass erase, forced',
      binary,
      { address, ...mass, force: 'memory' },
      dfuse,
      '0: mass-erase, at 08000000, 16, 4, idle',
    ],
    ['unprotect', binary, { address, ...open }, dfuse, 'REFUSED force'],
    ['no layout', binary, { address }, blind, 'UNSUPPORTED force'],
    [
      'no layout, forced',
      binary,
      { address, force: 'memory' },
      blind,
      '0: at 08000000, 16, 4, idle',
    ],
    [
      'smaller blocks',
      binary,
      { address, transferSizeBytes: 8 },
      dfuse,
      '0: erase, erase, at 08000000, 8, at 08000008, 8, at 08000010, 4, idle',
    ],
    // DfuSe asked for, whatever the device says
    ['without an address', binary, { dialect: 'dfuse' }, plain, 'INVALID_ARGUMENT address'],
    ['at an address', binary, { address, dialect: 'dfuse' }, plain, 'UNSUPPORTED force'],
    [
      'the same, forced',
      binary,
      { address, dialect: 'dfuse', force: true },
      plain,
      '1: at 08000000, 16, 4, idle',
    ],
    [
      'a layout in its name',
      binary,
      { address, dialect: 'dfuse' },
      { ...plain, name: dfuse.name },
      '1: erase, erase, at 08000000, 16, 4, idle',
    ],
    // a DfuSe file
    ['its ids', dfuseForeign, {}, dfuse, 'REFUSED force'],
    ['no targets', writeDfuSeFile([], ids), {}, dfuse, 'NOT_FOUND'],
    [
      'no bytes',
      writeDfuSeFile([{ alternate: 0, elements: [] }], ids),
      {},
      dfuse,
      'INVALID_ARGUMENT',
    ],
    ['to plain DFU', dfuseFile, {}, plain, 'UNSUPPORTED'],
    ['to plain DFU, memory forced', dfuseFile, { force: 'memory' }, plain, 'UNSUPPORTED'],
    [
      'an address is for leaving',
      dfuseFile,
      { address: 0x08000010, leave: true },
      dfuse,
      '0: erase, erase, at 08000000, 16, 4, at 08000010, leave',
    ],
    // no file
    ['nothing at all', undefined, {}, dfuse, '0: idle'],
    ['leave', undefined, { leave: true }, dfuse, '0: leave'],
    ['leave from there', undefined, { leave: true, address }, dfuse, '0: at 08000000, leave'],
    ['mass erase', undefined, mass, dfuse, 'REFUSED force'],
    ['mass erase, forced', undefined, { ...mass, force: true }, dfuse, '0: mass-erase, idle'],
    ['unprotect, forced', undefined, { ...open, force: true }, dfuse, '0: read-unprotect'],
    ['to run-time mode', undefined, {}, runtime, 'INVALID_ARGUMENT'],
  ])('%s', (...row) => {
    const [, file, options, to, expected] = row;
    expect(decided(file, options, to)).toBe(expected);
  });

  test('a suffix may name what the device was in run-time mode', () => {
    const was = { ...runtime, idProduct: other.idProduct };
    expect(decided(foreign, {}, plain, { was })).toBe('plain 20');
    expect(decided(foreign, {}, plain, { was: runtime })).toBe('REFUSED force');
  });

  test('a DfuSe file goes to the alternates that it names, and that there are', () => {
    const second: DfuInterface = { ...dfuse, alternate: 1 };
    const alternates = [dfuse, second];
    const both = `${written20}; 1: erase, at 08000030, 4, `;
    expect(decided(dfuseFile, {}, second, { alternates })).toBe(`${both}idle`);
    const leaving = { leave: true };
    expect(decided(dfuseFile, leaving, dfuse, { alternates })).toBe(`${both}at 08000000, leave`);
    const erasing = { massErase: true, force: true } as const;
    expect(decided(dfuseFile, erasing, dfuse, { alternates })).toBe(
      '0: mass-erase, at 08000000, 16, 4, idle; 1: erase, at 08000030, 4, idle',
    );
    const opening = { unprotect: true, force: true } as const;
    expect(decided(dfuseFile, opening, dfuse, { alternates })).toBe(
      '0: read-unprotect, erase, erase, at 08000000, 16, 4, idle; 1: erase, at 08000030, 4, idle',
    );
    expect(decided(dfuseFile, {}, dfuse, { alternates: [] })).toBe('NOT_FOUND');
  });

  test('all of it is refused if one target is', () => {
    const small: DfuInterface = { ...dfuse, alternate: 1, name: '@Options/0x1ffff800/1*16 e' };
    expect(decided(dfuseFile, {}, dfuse, { alternates: [dfuse, small] })).toBe('OUT_OF_RANGE');
  });

  test('a plan counts what it will do', () => {
    const count = (
      file: Uint8Array | undefined,
      options: SendOptions,
      to: DfuInterface,
    ): object => {
      const sending = sendingOf(sendPlan(file, options), to);
      return 'planned' in sending ? sending.planned : sending.refused;
    };
    const none = { elements: 0, bytes: 0, blocks: 0, commands: 0, erases: 0, erasedBytes: 0 };
    expect(count(binary, {}, plain)).toEqual({ ...none, elements: 1, bytes: 20, blocks: 2 });
    expect(count(binary, { address }, dfuse)).toEqual({
      elements: 1,
      bytes: 20,
      blocks: 2,
      commands: 3,
      erases: 2,
      erasedBytes: 32,
    });
    expect(count(undefined, { massErase: true, force: true }, dfuse)).toEqual({
      ...none,
      commands: 1,
      erases: 1,
    });
  });

  test('a DfuSe file that is damaged is no plan', () => {
    const file = dfuseFile.slice();
    file[0x20] = 0xaa;
    expect(() => sendPlan(file)).toThrow('DfuSe file, byte');
    expect(() => sendPlan(dfuseFile.subarray(0, 100))).toThrow('DfuSe');
  });
});
