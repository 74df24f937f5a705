import { appendSuffix, writeDfuSeFile } from '../../../src/dfu/index.ts';
import type { FieldCase, FieldTry, FieldWords } from './words.ts';

/** Where the flash of most DfuSe devices is. */
export const FLASH = 0x0800_0000;

/** What is written into most of them. */
export const image: Uint8Array = Uint8Array.from({ length: 3000 }, (_, at) => at * 7 + 1);

/** 64 KiB in sectors of 1 KiB. */
export const usual = [{ address: FLASH, sizeBytes: 65_536, sectorBytes: 1024 }] as const;

/** The loader in the ROM of an STM32. */
export const stm32 = { idVendor: 0x0483, idProduct: 0xdf11, bcdDevice: 0x2200 } as const;

/** A DfuSe device whose layout is told so. */
export function dfuse(name: string, more: Partial<FieldWords> = {}): FieldWords {
  const settings = [{ name }];
  return { ...stm32, settings, version: 0x011a, dialect: 'dfuse', memory: usual, ...more };
}

/** A device that speaks plain DFU. */
export function plain(
  ids: Pick<FieldWords, 'idVendor' | 'idProduct' | 'bcdDevice'>,
  more: Partial<FieldWords> = {},
): FieldWords {
  const memory = [{ address: 0, sizeBytes: 65_536, sectorBytes: 1024 }];
  return {
    ...ids,
    settings: [{ name: 'flash' }],
    version: 0x0110,
    dialect: 'dfu',
    memory,
    ...more,
  };
}

type Ending = Omit<FieldTry, 'program' | 'args' | 'exit' | 'memory'> &
  Partial<Pick<FieldTry, 'exit' | 'memory'>>;

/** `dfu-util -D FILE …`; it exits 0, and the memory holds the file, if nothing else is said. */
export function theirs(args: readonly string[] = [], ending: Ending = {}): FieldTry {
  return {
    program: 'dfu-util',
    args: args.includes('-U') ? args : ['-D', 'FILE', ...args],
    exit: 0,
    memory: 'file',
    ...ending,
  };
}

/** `dfukit download FILE …`, likewise. */
export function ours(args: readonly string[] = [], ending: Ending = {}): FieldTry {
  return {
    program: 'dfukit',
    args: args[0] === 'upload' ? args : ['download', 'FILE', ...args],
    exit: 0,
    memory: 'file',
    ...ending,
  };
}

/** Both with the same words. */
export function both(args: readonly string[] = [], ending: Ending = {}): readonly FieldTry[] {
  return [theirs(args, { ...ending, says: undefined }), ours(args, ending)];
}

/** A case with the usual file. */
export function fieldCase(
  [name, source]: readonly [string, string],
  words: FieldWords,
  tries: readonly FieldTry[],
  more: Partial<FieldCase> = {},
): FieldCase {
  return { name, source, words, file: image, tries, ...more };
}

/** A DfuSe file with the image in alternate 0, and bytes of it changed before its CRC is made. */
export function dfuseFile(
  words: FieldWords,
  change: (body: Uint8Array) => Uint8Array = (body) => body,
): Uint8Array {
  const { idVendor, idProduct } = words;
  const elements = [{ address: FLASH, data: image }];
  const whole = writeDfuSeFile([{ alternate: 0, elements }], { idVendor, idProduct });
  const body = change(whole.slice(0, -16));
  return appendSuffix(body, { idVendor, idProduct, bcdDevice: 0xffff, bcdDFU: 0x011a });
}
