import { viewOf } from '../bytes/index.ts';
import { isDfuSeFile, splitSuffix } from '../dfu/index.ts';
import type { Suffix } from '../dfu/index.ts';
import { ascii } from './formats/ascii.ts';
import { readIntelHex } from './formats/intel-hex.ts';
import { isMcubootImage } from './mcuboot/image.ts';
import { RIOTBOOT_MAGIC, riotbootFault, riotbootHeader } from './riotboot/header.ts';
import type { RiotbootFault, RiotbootHeader } from './riotboot/header.ts';

/** What bytes turn out to be, by what they begin with. */
export type Recognised =
  | { readonly format: 'mcuboot' }
  | {
      readonly format: 'riotboot';
      readonly header: RiotbootHeader;
      /** Why riotboot would not boot it. */
      readonly fault: RiotbootFault | undefined;
    }
  | { readonly format: 'hex' | 'elf' | 'uf2' | 'dfuse' | 'empty' | 'erased' }
  | { readonly format: 'binary'; readonly vectors: VectorTable | undefined };

/** The name of what a file is: `hex` is Intel HEX, `erased` nothing but 0xff, `binary` anything else. */
export type FileFormat = Recognised['format'];

/** The first two words of a Cortex-M program. */
export interface VectorTable {
  readonly stackPointer: number;
  readonly resetHandler: number;
}

/** A file without its wrappings, and what they said. */
export interface Unwrapped {
  readonly bytes: Uint8Array;
  /** Lowest address, if it was Intel HEX. */
  readonly address: number | undefined;
  readonly suffix: Suffix | undefined;
  /** Why what stands at the end is no DFU suffix, if it looks like one. */
  readonly suffixProblem: string | undefined;
  readonly what: Recognised;
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return ascii(bytes.subarray(0, text.length)) === text;
}

/** Intel HEX by its looks: the first line is a record. */
function isHexText(bytes: Uint8Array): boolean {
  return /^\s*:[0-9a-fA-F]{10,}\s/.test(ascii(bytes.subarray(0, 1024)));
}

/** A stack in RAM and an odd (Thumb) reset handler outside it: so Cortex-M programs begin. */
function vectorTable(bytes: Uint8Array): VectorTable | undefined {
  if (bytes.length < 64) return undefined;
  const view = viewOf(bytes);
  const stackPointer = view.getUint32(0, true);
  const resetHandler = view.getUint32(4, true);
  const inRam = stackPointer >= 0x1000_0000 && stackPointer <= 0x4000_0000;
  const thumb = resetHandler % 2 === 1 && resetHandler < 0x4000_0000;
  if (!inRam || stackPointer % 4 !== 0 || !thumb) return undefined;
  return { stackPointer, resetHandler };
}

/** Says what bytes are; a DFU suffix behind them is not looked at, see `unwrapFile`. */
export function recognise(bytes: Uint8Array): Recognised {
  if (bytes.length === 0) return { format: 'empty' };
  if (isMcubootImage(bytes)) return { format: 'mcuboot' };
  if (startsWith(bytes, '\u007fELF')) return { format: 'elf' };
  if (startsWith(bytes, 'UF2\n')) return { format: 'uf2' };
  if (isDfuSeFile(bytes)) return { format: 'dfuse' };
  if (isHexText(bytes)) return { format: 'hex' };
  if (bytes.length >= 16 && viewOf(bytes).getUint32(0, true) === RIOTBOOT_MAGIC) {
    const header = riotbootHeader.decode(bytes);
    return { format: 'riotboot', header, fault: riotbootFault(bytes) };
  }
  if (bytes.every((byte) => byte === 0xff)) return { format: 'erased' };
  return { format: 'binary', vectors: vectorTable(bytes) };
}

/**
 * Takes a DFU suffix and Intel HEX off, and says what is inside. Throws `MALFORMED` for a HEX file
 * that is damaged.
 */
export function unwrapFile(file: Uint8Array): Unwrapped {
  const { payload, suffix, problem } = splitSuffix(file);
  const wrappings = { suffix, suffixProblem: problem?.message };
  const what = recognise(payload);
  if (what.format !== 'hex') return { bytes: payload, address: undefined, ...wrappings, what };
  const { bytes, address } = readIntelHex(ascii(payload));
  return { bytes, address, ...wrappings, what: recognise(bytes) };
}
