import { both, fieldCase, image, ours, plain, theirs } from './make.ts';
import type { FieldCase } from './words.ts';

const some = { idVendor: 0x1209, idProduct: 0x7d02 } as const;
const maple = plain(
  { idVendor: 0x1eaf, idProduct: 0x0003, bcdDevice: 0x0200 },
  { version: 0x011a },
);

const bogus = (toldPollMs: number): { readonly defects: { readonly toldPollMs: number } } => ({
  defects: { toldPollMs },
});

/** A line of Intel HEX that holds two bytes at 0, and the end. */
const hex = Uint8Array.from(':020000001234B8\n:00000001FF\n', (each) => each.charCodeAt(0));
const HEX_SOURCE = 'RAMN PR 68, qmk_toolbox#372';

/** Devices that speak plain DFU. */
export const plainCases: readonly FieldCase[] = [
  fieldCase(
    ['HackRF, NXP LPC: in DFU mode with protocol 1', 'greatscottgadgets/hackrf#1509'],
    plain({ idVendor: 0x1fc9, idProduct: 0x000c }, { protocol: 1 }),
    both(),
  ),
  fieldCase(
    ['in DFU mode with protocol 1, and in no table', 'greatscottgadgets/hackrf#1509'],
    plain(some, { protocol: 1 }),
    [ours([], { says: 'describes itself as in run-time mode' })],
  ),
  fieldCase(
    ['Jabra: protocol 0', 'dfu-util 0.11, quirks'],
    plain({ idVendor: 0x0b0e, idProduct: 0x0412 }, { protocol: 0 }),
    both(),
  ),
  fieldCase(['LeafLabs Maple: says DfuSe and means DFU', 'dfu-util 0.11, quirks'], maple, both()),
  fieldCase(
    ['LeafLabs Maple: the upload ends in a stall', 'stm32duino'],
    { ...maple, defects: { uploadBlocks: 8 } },
    [
      theirs(['-U', 'OUT'], { exit: 74, memory: 'untouched', outBytes: 8192 }),
      ours(['upload', 'OUT'], {
        exit: 76,
        memory: 'untouched',
        outBytes: 8192,
        says: '8192 good bytes',
      }),
    ],
  ),
  fieldCase(
    ['Openmoko: bwPollTimeout is all ones', 'dfu-util 0.11, quirks'],
    plain({ idVendor: 0x1d50, idProduct: 0x5119 }, bogus(0xffffff)),
    both(),
  ),
  fieldCase(
    ['OpenPCD: bwPollTimeout is what stood in its memory', 'dfu-util 0.11, quirks'],
    plain({ idVendor: 0x16c0, idProduct: 0x076b }, bogus(0x7f1234)),
    both(),
  ),
  fieldCase(
    ['SIMtrace: bwPollTimeout likewise', 'dfu-util 0.11, quirks'],
    plain({ idVendor: 0x16c0, idProduct: 0x0762 }, bogus(0x7f1234)),
    both(),
  ),
  fieldCase(
    ['in no table, and its bwPollTimeout means nothing', 'dfu-util 0.11, quirks'],
    plain(some, bogus(0x7f1234)),
    [ours([], { exit: 79, memory: 'file', says: '--poll-time' }), ours(['--poll-time', '5'])],
    { content: [[0, image.subarray(0, 0)]] },
  ),
  fieldCase(
    ['two interfaces, each with an alternate 0', 'dmitrystu/sboot_stm32#23'],
    plain(some, {
      settings: [
        { name: 'one', interface: 0 },
        { name: 'two', interface: 1 },
      ],
    }),
    [
      theirs(['-a', '0'], { exit: 74, memory: 'untouched' }),
      ours(['-a', '0'], { exit: 74, memory: 'untouched', says: '-i' }),
      ...both(['-i', '1']),
    ],
  ),
  fieldCase(
    ['dfuDNBUSY once behind the last block', 'cases of the field'],
    plain(some, { defects: { lastBusy: 1 } }),
    both(),
  ),
  fieldCase(
    ['the question behind the last block is stalled', 'dfu-util 0.11'],
    plain(some, { attributes: 0x0b, defects: { lastStall: true } }),
    [theirs([], { exit: 74 }), ours([], { exit: 75, slow: true })],
  ),
  fieldCase(
    ['STM32H743 rev. V: stays in dfuDNBUSY', 'betaflight-configurator PR 1861'],
    plain(some, { defects: { stuckAtBlock: 2 } }),
    [ours(['--busy-limit', '3'], { exit: 79, says: 'dfuDNBUSY', slow: true })],
    { content: [[0, image.subarray(0, 2048)]] },
  ),
  fieldCase(['an Intel HEX file, raw', HEX_SOURCE], plain(some), [theirs(), ours(['--raw'])], {
    file: hex,
  }),
  fieldCase(
    ['an Intel HEX file, as what it says', HEX_SOURCE],
    plain(some),
    [ours([], { says: 'Intel HEX' })],
    { file: hex, content: [[0, Uint8Array.of(0x12, 0x34)]] },
  ),
  fieldCase(
    ['Poly: DFU_DETACH by the index of another interface', 'fwupd'],
    plain(
      { idVendor: 0x095d, idProduct: 0x9291 },
      { attributes: 0x0f, runTime: { idProduct: 0x9290, detachBit: 0x100 } },
    ),
    [
      theirs(['-d', '095d:9290,095d:9291', '-E', '1'], { exit: 74, memory: 'untouched' }),
      ours(['-d', '095d:9290,095d:9291']),
    ],
  ),
  fieldCase(
    ['candleLight: another serial number in DFU mode', 'candle-usb/candleLight_fw#175'],
    plain(some, { serial: 'FFFFFFFEFFFF', runTime: { idProduct: 0x7d00, serial: 'ABC' } }),
    [
      theirs(['-S', 'ABC', '-E', '1'], { exit: 74, memory: 'untouched' }),
      ours(['-S', 'ABC'], { exit: 74, memory: 'untouched', says: '-S' }),
      ours(['-S', 'ABC,']),
    ],
  ),
  fieldCase(
    ['m-stack: has to be read before it takes anything', 'fwupd'],
    plain({ idVendor: 0x273f, idProduct: 0x1003 }, { defects: { readsFirst: true } }),
    [theirs([], { exit: 74, memory: 'untouched' }), ours()],
  ),
];
