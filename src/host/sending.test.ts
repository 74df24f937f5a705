import { describe, expect, test } from 'vitest';
import { dfuse, functional, plain } from '../../test/support/host-bench.ts';
import { appendSuffix, writeDfuSeFile } from '../dfu/index.ts';
import { generateRiotbootHeader, withStellarisPrefix } from '../image/index.ts';
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
          const words = [...operations].map((each) => {
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
    expect(() => sendPlan(empty)).toThrow('the file is empty: expected at least 1 byte');
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
    ['for another device', foreign, {}, plain, 'REFUSED other-device'],
    [
      'for another device, memory forced',
      foreign,
      { force: 'memory' },
      plain,
      'REFUSED other-device',
    ],
    ['for another device, forced', foreign, { force: true }, plain, 'plain 20'],
    ['to a device without downloads', binary, {}, downless, 'UNSUPPORTED force'],
    ['the same, memory forced', binary, { force: 'memory' }, downless, 'UNSUPPORTED force'],
    ['the same, forced', binary, { force: true }, downless, 'plain 20'],
    ['mass erase where there is none', binary, { ...mass, force: true }, plain, 'UNSUPPORTED'],
    ['unprotect where there is none', binary, { ...open, force: true }, plain, 'UNSUPPORTED'],
    ['blocks of no size', binary, { transferSizeBytes: 0 }, plain, 'INVALID_ARGUMENT'],
    ['to run-time mode', binary, {}, runtime, 'INVALID_ARGUMENT'],
    // one image, DfuSe
    ['at an address', binary, { address }, dfuse, written20],
    [
      'and leave',
      binary,
      { address, leave: true },
      dfuse,
      `${written20.slice(0, -4)}at 08000000, leave`,
    ],
    ['for another device', foreign, { address }, dfuse, 'REFUSED other-device'],
    [
      'for another device, memory forced',
      foreign,
      { address, force: 'memory' },
      dfuse,
      'REFUSED other-device',
    ],
    ['for another device, forced', foreign, { address, force: true }, dfuse, written20],
    ['beyond the memory', binary, { address: 0x08000030 }, dfuse, 'OUT_OF_RANGE outside-layout'],
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
    ['no layout', binary, { address }, blind, 'UNSUPPORTED no-layout'],
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
    ['at an address', binary, { address, dialect: 'dfuse' }, plain, 'UNSUPPORTED no-layout'],
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
    ['its ids', dfuseForeign, {}, dfuse, 'REFUSED other-device'],
    ['no targets', writeDfuSeFile([], ids), {}, dfuse, 'NOT_FOUND'],
    [
      'no bytes',
      writeDfuSeFile([{ alternate: 0, elements: [] }], ids),
      {},
      dfuse,
      'INVALID_ARGUMENT',
    ],
    ['to plain DFU', dfuseFile, {}, plain, 'UNSUPPORTED dialect'],
    ['to plain DFU, memory forced', dfuseFile, { force: 'memory' }, plain, 'UNSUPPORTED dialect'],
    [
      'an address is for leaving',
      dfuseFile,
      { address: 0x08000010, leave: true },
      dfuse,
      '0: erase, erase, at 08000000, 16, 4, at 08000010, leave',
    ],
    [
      'to a device that says DfuSe and describes no memory',
      dfuseFile,
      {},
      { ...dfuse, name: 'DFU Program FLASH 0x08005000' },
      'UNSUPPORTED dialect',
    ],
    [
      'bcdDFUVersion with its bytes swapped',
      dfuseFile,
      {},
      { ...dfuse, functional: { ...plain.functional, bcdDFUVersion: 0x1a01 } },
      written20,
    ],
    [
      'a memory in its name, whatever the version',
      dfuseFile,
      {},
      { ...dfuse, functional: { ...plain.functional, bcdDFUVersion: 0x0110 } },
      written20,
    ],
    ['as plain DFU', dfuseFile, { dialect: 'dfu' }, dfuse, 'INVALID_ARGUMENT'],
    // plain DFU, whatever the version says
    [
      'a name that is no memory',
      binary,
      {},
      { ...dfuse, name: 'DFU Program FLASH 0x08005000' },
      'plain 20',
    ],
    ['plain DFU asked for', binary, { dialect: 'dfu' }, dfuse, 'plain 20'],
    [
      'LeafLabs Maple',
      binary,
      {},
      { ...dfuse, idVendor: 0x1eaf, idProduct: 3, bcdDevice: 0x0200, name: 'UNKNOWN' },
      'plain 20',
    ],
    // one thing allowed, and nothing else
    ['another device', foreign, { allow: ['other-device'] }, plain, 'plain 20'],
    [
      'another device, no layout',
      foreign,
      { address, allow: ['other-device'] },
      blind,
      'UNSUPPORTED no-layout',
    ],
    [
      'beyond the memory',
      binary,
      { address: 0x08000030, allow: ['outside-layout'] },
      dfuse,
      '0: erase, at 08000030, 16, 4, idle',
    ],
    [
      'beyond the memory, the wrong word',
      binary,
      { address: 0x08000030, allow: ['no-layout', 'other-device'] },
      dfuse,
      'OUT_OF_RANGE outside-layout',
    ],
    ['no layout', binary, { address, allow: ['no-layout'] }, blind, '0: at 08000000, 16, 4, idle'],
    [
      'beyond 32 bits, whatever is allowed',
      binary,
      { address: 0xfffffff0, force: true },
      dfuse,
      'OUT_OF_RANGE',
    ],
    [
      'no address, and the read protection goes first',
      binary,
      { ...open, force: true },
      dfuse,
      '0: read-unprotect',
    ],
    [
      'no address, and everything is erased first',
      binary,
      { ...mass, force: true },
      dfuse,
      'INVALID_ARGUMENT address',
    ],
    // no file
    ['commands to plain DFU', undefined, { leave: true }, plain, 'UNSUPPORTED dialect'],
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
    expect(decided(foreign, {}, plain, { was: runtime })).toBe('REFUSED other-device');
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
    expect(decided(dfuseFile, {}, dfuse, { alternates: [dfuse, small] })).toBe(
      'OUT_OF_RANGE outside-layout',
    );
  });

  test('what was gone past is told', () => {
    const told = (file: Uint8Array, options: SendOptions, to: DfuInterface): readonly string[] => {
      const sending = sendingOf(sendPlan(file, options), to);
      return 'notes' in sending ? sending.notes : [sending.refused.message];
    };
    expect(told(binary, { address }, dfuse)).toEqual([]);
    expect(told(foreign, { force: true }, plain)).toEqual([
      "the file's suffix says that it is for 1209:1234, the device is 1209:7d02; sent all the same",
    ]);
    expect(told(binary, { force: true }, downless)).toEqual([
      'the device takes no downloads (bitCanDnload is 0); sent all the same',
    ]);
    expect(told(binary, { address, force: 'memory' }, blind)).toEqual([
      expect.stringMatching(/no memory layout; nothing is erased before it is written/) as string,
    ]);
    expect(told(binary, { address: 0x08000030, force: 'memory' }, dfuse)).toEqual([
      '20 bytes at 0x08000030: 0x08000040 is not writable in "Flash"; written all the same',
    ]);
  });

  test('a layout that ends in noise counts as far as it can be read, and that is told', () => {
    const noisy = { ...dfuse, name: '@Flash/0x08000000/4*16Bg,\u0001\u4e02*' };
    const sending = sendingOf(sendPlan(binary, { address }), noisy);
    expect(inWords(sending)).toBe(written20);
    expect(sending).toMatchObject({
      notes: ['the end of its memory layout cannot be read and counts for nothing: ",?\u4e02*"'],
    });
    expect(decided(binary, { address: 0x08000040 }, noisy)).toBe('OUT_OF_RANGE outside-layout');
  });

  test.each([
    [{ address: Number.NaN }, 'address: expected an integer from 0 to 0xffffffff, got NaN'],
    [{ address: -1 }, 'address: expected an integer'],
    [{ address: 2 ** 32 }, 'address: expected an integer'],
    [{ dialect: 'bogus' }, 'dialect: expected "dfu" or "dfuse", got "bogus"'],
    [{ force: 'yes' }, 'force: expected a boolean or "memory", got "yes"'],
    [{ allow: 'no-layout' }, 'allow: expected a list of "other-device"'],
    [{ allow: ['all'] }, 'allow: expected a list of "other-device"'],
    [{ leave: 1 }, 'leave: expected a boolean, got 1'],
  ])('options that say nothing are refused: %j', (options, message) => {
    const wrong = (): unknown => sendPlan(binary, options as unknown as SendOptions);
    expect(wrong).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(wrong).toThrow(message);
  });

  test.each([['a path'], [null], [[1, 2]], [new ArrayBuffer(4)], [new Uint16Array(4)]])(
    'a file is its bytes, not %j',
    (file) => {
      const wrong = (): unknown => sendPlan(file as unknown as Uint8Array);
      expect(wrong).toThrow('file: expected its bytes (Uint8Array), got');
    },
  );

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

describe('a prefix for a boot loader', () => {
  const ti = withStellarisPrefix(binary, 0x2000);
  const low: DfuInterface = { ...dfuse, name: '@Flash /0x00002000/16*001Kg' };
  const sent = (options: SendOptions, to: DfuInterface): Sending =>
    sendingOf(sendPlan(ti, options), to);

  test('is payload of plain DFU', () => {
    expect(inWords(sent({}, plain))).toBe('plain 28');
  });

  test('is not sent by DfuSe, and says where the rest belongs', () => {
    const sending = sent({}, low);
    expect(inWords(sending)).toMatch(/^0: erase, at 00002000, 16, 4, idle$/);
    expect(sending).toMatchObject({
      notes: ['the file begins with a TI Stellaris prefix: its 8 bytes are not sent'],
    });
    const elsewhere = sent({ address: 0x2400 }, low);
    expect(elsewhere).toMatchObject({
      notes: [expect.stringContaining('belongs at 0x00002000 counts for nothing')],
    });
    expect(inWords(sent({ raw: true, address: 0x2000 }, low))).toContain('16, 12');
  });
});

describe('elements of a DfuSe file that overlap', () => {
  const overlapping = (second: Uint8Array): Uint8Array =>
    writeDfuSeFile(
      [
        {
          alternate: 0,
          elements: [
            { address: 0x08000000, data: binary },
            { address: 0x08000004, data: second },
          ],
        },
      ],
      ids,
    );

  test('are refused where they give a byte two values, and no others', () => {
    const twice = sendingOf(sendPlan(overlapping(binary.subarray(0, 4))), dfuse);
    expect(inWords(twice)).toBe('MALFORMED');
    const same = sendingOf(sendPlan(overlapping(binary.subarray(4, 8))), dfuse);
    expect(inWords(same)).toMatch(/^0: erase/);
  });
});
