import { encodeUtf8 } from '../../../src/bytes/index.ts';
import {
  FLASH,
  both,
  dfuse,
  dfuseFile,
  fieldCase,
  image,
  ours,
  stm32,
  theirs,
  usual,
} from './make.ts';
import type { FieldCase } from './words.ts';

const INTERNAL = '@Internal Flash  /0x08000000';
const sound = `${INTERNAL}/64*001Kg`;
const to = ['-s', '0x08000000'];
const bigSectors = [{ address: FLASH, sizeBytes: 65_536, sectorBytes: 16_384 }];
const OPTIONS = 0x1fff_c000;

/** GD32: four letters of one byte each, where UTF-16 has two. */
const LETTERS = Uint8Array.of(6, 3, ...encodeUtf8('3CBJ'));
const gd32 = {
  idVendor: 0x28e9,
  idProduct: 0x0189,
  bcdDevice: 0x0100,
  serial: LETTERS,
  memory: [{ address: FLASH, sizeBytes: 128 * 1024, sectorBytes: 1024 }],
} as const;
const gd32Layout = `${INTERNAL}/512*002Kg`;

const optionBytes = {
  ...dfuse(sound),
  settings: [{ name: sound }, { name: '@Option Bytes  /0x1FFFC000/01*016 e' }],
  memory: [{ address: OPTIONS, sizeBytes: 16, sectorBytes: 0 }, ...usual],
  defects: { resetsAt: OPTIONS },
} as const;
const options = { file: image.subarray(0, 16) };

const opc20 = {
  ...dfuse(sound),
  idVendor: 0x0483,
  idProduct: 0xdf11,
  version: 0x1a01,
};

const unprotecting = dfuse(sound, { defects: { readProtected: true } });

/** Devices that speak DfuSe. */
export const dfuseCases: readonly FieldCase[] = [
  fieldCase(
    ['STM32F72x and F73x: a NUL behind the layout', 'IntergatedCircuits/LibUsbDfu#2'],
    dfuse(`${INTERNAL}/04*016Kg\0`, { memory: bigSectors }),
    both(to),
  ),
  fieldCase(
    ['Walkera Devo with Deviation: a run of no sectors', 'cases of the field'],
    dfuse(`${INTERNAL}/00*002Ka,32*002Kg`, {
      memory: [{ address: FLASH, sizeBytes: 65_536, sectorBytes: 2048 }],
    }),
    both(to),
  ),
  fieldCase(
    ['BTT Octopus Pro F429: garbage behind the layout', 'BIGTREETECH-OCTOPUS-Pro#42'],
    dfuse(`${INTERNAL}/04*016Kg,07*1\u4e02\uffff`, { memory: bigSectors }),
    both(to, { says: 'the end of its memory layout cannot be read' }),
  ),
  fieldCase(
    ['Black Magic Probe: a run of none at the end', 'cases of the field'],
    dfuse(`${INTERNAL}/8*001Ka,56*001Kg,000*001Kg`),
    both(['-s', '0x08002000'], {}),
    { content: [[FLASH + 0x2000, image]] },
  ),
  fieldCase(
    ['fwupd’s own device: no letter for the type', 'fwupd, self test'],
    dfuse('@Flash/0x08000000/64*1024'),
    [ours(to, { exit: 65, memory: 'untouched', says: 'does not tell where its memory is' })],
  ),
  fieldCase(
    ['GD32VF103: serial number and layout', 'dfu-util 0.11, quirks'],
    dfuse(gd32Layout, gd32),
    [...both(to), ...both(['-s', '0x08000000', '-S', '3CBJ'])],
  ),
  fieldCase(
    ['GD32VF103: gone with the empty block', 'dfu-util 0.11, quirks'],
    dfuse(gd32Layout, { ...gd32, defects: { leavesAt: 'DNLOAD' } }),
    both(['-s', '0x08000000:leave']),
  ),
  fieldCase(
    ['GD32VF103: gone with the question behind it', 'dfu-util 0.11, quirks'],
    dfuse(gd32Layout, { ...gd32, defects: { leavesAt: 'GETSTATUS' } }),
    both(['-s', '0x08000000:leave']),
  ),
  fieldCase(
    ['DSO Nano: protocol 0', 'dfu-util 0.11, quirks'],
    dfuse(sound, { protocol: 0 }),
    both(to),
  ),
  fieldCase(
    ['option bytes: the device resets while it writes them', 'qFlipper#62, solo1#492'],
    optionBytes,
    [
      theirs(['-a', '1', '-s', '0x1FFFC000:will-reset']),
      ours(['-a', '1', '-s', '0x1FFFC000:will-reset']),
      theirs(['-a', '1', '-s', '0x1FFFC000'], { exit: 74 }),
    ],
    options,
  ),
  fieldCase(['read protection: errVENDOR', 'betaflight-configurator#200'], unprotecting, [
    theirs(to, { exit: 74, memory: 'untouched' }),
    ours(to, { exit: 79, memory: 'untouched', says: ':unprotect:force' }),
  ]),
  fieldCase(
    ['unprotect and force, with a file', 'keirf/flashfloppy#462, EdgeTX/buddy#20'],
    unprotecting,
    [
      theirs(['-s', '0x08000000:unprotect:force'], { memory: 'erased' }),
      ours(['-s', '0x08000000:unprotect:force'], { exit: 79, memory: 'erased', says: 'again' }),
      theirs(['-s', ':unprotect:force'], { memory: 'erased' }),
      ours(['-s', ':unprotect:force'], { exit: 79, memory: 'erased', says: 'again' }),
    ],
  ),
  fieldCase(
    ['STM32L4: stalls while it erases', 'dfu-util 0.11, quirks'],
    dfuse(sound, { defects: { eraseStalls: 3 } }),
    both(to),
  ),
  fieldCase(
    ['STM32F405: silent while it erases everything', 'betaflight-configurator#341'],
    dfuse(sound, { defects: { massEraseMs: 6000 } }),
    both(['-s', '0x08000000:mass-erase:force'], { slow: true }),
  ),
  fieldCase(
    ['STM32F4: Device Feature, with a space for a multiplier', 'dfu-util 0.11'],
    {
      ...dfuse(sound),
      settings: [{ name: sound }, { name: '@Device Feature/0xFFFF0000/01*004 e' }],
      memory: [{ address: 0xffff_0000, sizeBytes: 4, sectorBytes: 0 }, ...usual],
    },
    both(['-a', '1', '-s', '0xFFFF0000']),
    { file: image.subarray(0, 4) },
  ),
  fieldCase(
    ['opc-20: bcdDFUVersion the wrong way round', 'cases of the field'],
    opc20,
    [theirs([]), ours([]), ours(to)],
    { file: dfuseFile(opc20), content: [[FLASH, image]] },
  ),
  fieldCase(
    ['elf2dfuse: DFUImageSize counts the suffix', 'elf2dfuse, PR 4'],
    dfuse(sound),
    both(),
    {
      content: [[FLASH, image]],
      file: dfuseFile(dfuse(sound), (body) => {
        new DataView(body.buffer).setUint32(6, body.length + 16, true);
        return body;
      }),
    },
  ),
  fieldCase(
    ['a DfuSe file with padding behind the last target', 'cases of the field'],
    dfuse(sound),
    both(),
    {
      content: [[FLASH, image]],
      file: dfuseFile(dfuse(sound), (body) => Uint8Array.of(...body, 0, 0, 0, 0)),
    },
  ),
  fieldCase(
    ['DFU_ABORT is stalled behind a download', 'cases of the field'],
    dfuse(sound, { defects: { abortStalls: true } }),
    [theirs(to, { exit: 74 }), ours(to)],
  ),
  fieldCase(
    ['STM32H743 rev. V: found in dfuDNBUSY', 'betaflight-configurator PR 1861'],
    dfuse(sound, { defects: { foundBusy: true } }),
    [
      theirs(to, { exit: 74, memory: 'untouched' }),
      ours([...to, '--busy-limit', '3'], { slow: true }),
    ],
  ),
  fieldCase(
    ['an empty file', 'cases of the field'],
    dfuse(sound),
    [theirs(to, { exit: 64, memory: 'untouched' }), ours(to, { exit: 64, memory: 'untouched' })],
    { file: new Uint8Array(0) },
  ),
  fieldCase(
    ['the configuration descriptor is stalled once', 'embassy-rs PR 6791'],
    dfuse(sound, { defects: { configurationStallsOnce: true } }),
    both(to),
  ),
  fieldCase(
    ['strings are given to those who ask for 100 bytes at most', 'cases of the field'],
    dfuse(sound, { ...stm32, serial: 'ABC', defects: { longestString: 100 } }),
    [theirs([...to, '-S', 'ABC'], { exit: 74, memory: 'untouched' }), ours([...to, '-S', 'ABC'])],
  ),
  fieldCase(
    ['each answer half a second late', 'cases of the field'],
    dfuse(sound, { serial: 'ABC', defects: { lateMs: 500 } }),
    both([...to, '-S', 'ABC'], { slow: true }),
  ),
];
