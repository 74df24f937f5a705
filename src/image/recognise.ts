import { DfuError, viewOf } from '../../bytes/index.ts';
import { splitSuffix } from '../../dfu/index.ts';
import type { Suffix } from '../../dfu/index.ts';
import {
  RIOTBOOT_MAGIC,
  isMcubootImage,
  readIntelHex,
  riotbootFault,
  riotbootHeader,
} from '../../image/index.ts';
import type { RiotbootFault, RiotbootHeader } from '../../image/index.ts';

/** What a file turned out to be, once its wrappings are off. */
export type Recognised =
  | { readonly format: 'mcuboot' }
  | {
      readonly format: 'riotboot';
      readonly header: RiotbootHeader;
      readonly fault: RiotbootFault | undefined;
    }
  | { readonly format: 'elf' | 'uf2' | 'dfuse' | 'empty' | 'erased' }
  | { readonly format: 'binary'; readonly vectors: VectorTable | undefined };

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
  return (
    bytes.length >= text.length && Array.from(text).every((c, at) => bytes[at] === c.charCodeAt(0))
  );
}

/** Intel HEX by its looks: the first line is a record. */
function hexText(bytes: Uint8Array): string | undefined {
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, 1024));
  if (!/^\s*:[0-9a-fA-F]{10,}\s/.test(head)) return undefined;
  return new TextDecoder('latin1').decode(bytes);
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

function recognise(bytes: Uint8Array): Recognised {
  if (bytes.length === 0) return { format: 'empty' };
  if (isMcubootImage(bytes)) return { format: 'mcuboot' };
  if (startsWith(bytes, '\u007fELF')) return { format: 'elf' };
  if (startsWith(bytes, 'UF2\n')) return { format: 'uf2' };
  if (startsWith(bytes, 'DfuSe')) return { format: 'dfuse' };
  if (bytes.length >= 16 && viewOf(bytes).getUint32(0, true) === RIOTBOOT_MAGIC) {
    const header = riotbootHeader.decode(bytes);
    return { format: 'riotboot', header, fault: riotbootFault(bytes) };
  }
  if (bytes.every((byte) => byte === 0xff)) return { format: 'erased' };
  return { format: 'binary', vectors: vectorTable(bytes) };
}

/**
 * Takes Intel HEX and a DFU suffix off, and says what is inside. Throws `MALFORMED` for a HEX file
 * that is damaged.
 */
export function unwrap(file: Uint8Array): Unwrapped {
  const { payload, suffix, problem } = splitSuffix(file);
  const text = hexText(payload);
  const { bytes, address } =
    text === undefined ? { bytes: payload, address: undefined } : readIntelHex(text);
  const what = recognise(bytes);
  return { bytes, address, suffix, suffixProblem: problem?.message, what };
}

const names: Readonly<Record<Recognised['format'], string>> = {
  mcuboot: 'an MCUboot image',
  riotboot: 'a riotboot image',
  elf: 'an ELF file',
  uf2: 'a UF2 file',
  dfuse: 'a DfuSe file',
  empty: 'an empty file',
  erased: 'erased flash',
  binary: 'a plain binary',
};

/** The image's bytes, or an error that says what the file is instead. */
export function expectMcuboot(path: string, { bytes, what }: Unwrapped): Uint8Array {
  if (what.format === 'mcuboot') return bytes;
  const words = `expected an MCUboot image, got ${names[what.format]}`;
  throw new DfuError('MALFORMED', `${path}: ${words}`);
}
