import { DfuError, struct, u32le, u8 } from '../../bytes/index.ts';
import type { OwnBytes } from '../../bytes/index.ts';
import type { CompressionSettings, Compressor } from './sign-options.ts';

/**
 * What is used of liblzma compiled to WebAssembly: its memory, and one function. `initModule()` of the
 * package `node-liblzma/wasm` answers it, in Node and in a browser.
 */
export interface Liblzma {
  /** All of the memory; another array after it has grown. */
  readonly HEAPU8: Uint8Array;
  readonly _malloc: (bytes: number) => number;
  readonly _free: (address: number) => void;
  /** `lzma_stream_buffer_encode` (lzma/container.h); addresses and sizes have 32 bits. */
  readonly _lzma_stream_buffer_encode: (
    ...call: [
      filters: number,
      check: number,
      allocator: number,
      input: number,
      inputBytes: number,
      output: number,
      outputPosition: number,
      outputBytes: number,
    ]
  ) => number;
}

/** `lzma_options_lzma` (lzma/lzma12.h) as far as an encoder reads it. */
interface LzmaOptions {
  readonly dictSize: number;
  readonly presetDict: number;
  readonly presetDictSize: number;
  readonly lc: number;
  readonly lp: number;
  readonly pb: number;
  readonly mode: number;
  readonly niceLen: number;
  readonly mf: number;
  readonly depth: number;
}

const lzmaOptions = struct<LzmaOptions>('lzma_options_lzma', {
  dictSize: u32le,
  presetDict: u32le,
  presetDictSize: u32le,
  lc: u32le,
  lp: u32le,
  pb: u32le,
  mode: u32le,
  niceLen: u32le,
  mf: u32le,
  depth: u32le,
});

/** Bytes of the whole structure with what is reserved behind it, and some to spare. */
const OPTIONS_BYTES = 128;

/** `lzma_filter` (lzma/filter.h): 64 bits of number, then the options' address, filled up to 16 bytes. */
interface LzmaFilter {
  readonly id: number;
  readonly idHigh: number;
  readonly options: number;
  readonly filler: number;
}

const lzmaFilter = struct<LzmaFilter>('lzma_filter', {
  id: u32le,
  idHigh: u32le,
  options: u32le,
  filler: u32le,
});

/** Numbers of liblzma's headers. */
const FILTER_ARMTHUMB = 0x08;
const FILTER_LZMA2 = 0x21;
const MODE_FAST = 1;
const MODE_NORMAL = 2;
const MF_HC3 = 0x03;
const MF_HC4 = 0x04;
const MF_BT4 = 0x14;
const CHECK_NONE = 0;
const LZMA_OK = 0;
const LZMA_OPTIONS_ERROR = 8;

/** What liblzma's levels mean for the search (`lzma_lzma_preset`). */
function searchOf(preset: number): Pick<LzmaOptions, 'mode' | 'niceLen' | 'mf' | 'depth'> {
  if (preset <= 3) {
    const mf = preset === 0 ? MF_HC3 : MF_HC4;
    const depth = [4, 8, 24, 48][preset] ?? 0;
    return { mode: MODE_FAST, mf, niceLen: preset <= 1 ? 128 : 273, depth };
  }
  const niceLen = preset === 4 ? 16 : preset === 5 ? 32 : 64;
  return { mode: MODE_NORMAL, mf: MF_BT4, niceLen, depth: 0 };
}

/** Largest dictionary that WebAssembly's memory has room for with its search tables: 12 times as much. */
const MOST_DICTIONARY = 16 * 1024 * 1024;

function checkSettings({ dictionaryBytes, lc, lp, pb, preset }: CompressionSettings): void {
  const ranges: readonly (readonly [string, number, number, number])[] = [
    ['dictionary', dictionaryBytes, 4096, MOST_DICTIONARY],
    ['lc', lc, 0, 4],
    ['lp', lp, 0, 4],
    ['lc and lp together', lc + lp, 0, 4],
    ['pb', pb, 0, 4],
    ['preset', preset, 0, 9],
  ];
  for (const [name, value, least, most] of ranges) {
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    const words = `expected ${least} to ${most}, got ${value}`;
    throw new DfuError('INVALID_ARGUMENT', `compression: ${name}: ${words}`);
  }
}

/** Bytes that an .xz file may have beyond its payload: 3 for every 64 KiB, headers, index (generously). */
const sizeLimit = (payload: number): number => payload + Math.ceil(payload / 1024) + 1024;

const footer = struct<{ readonly crc: number; readonly backwardSize: number }>('xz footer', {
  crc: u32le,
  backwardSize: u32le,
});
const headerSize = struct<{ readonly size: number }>('xz block header', { size: u8 });

/** Stream header, and stream footer (.xz file format 1.2.1 §2.1). */
const XZ_EDGE = 12;

/**
 * The LZMA2 stream out of an .xz file of one block without a check: what a raw encoder would have made. The
 * file says twice how long it is; the index has it without its padding (§4.3).
 */
function rawStream(xz: Uint8Array): OwnBytes {
  const { backwardSize } = footer.decode(xz, xz.length - XZ_EDGE);
  // Behind the index's indicator and the number of its records, each one byte here.
  let at = xz.length - XZ_EDGE - (backwardSize + 1) * 4 + 2;
  let unpadded = 0;
  for (let unit = 1, more = true; more; unit *= 128, at += 1) {
    const byte = xz[at] ?? 0;
    unpadded += (byte & 0x7f) * unit;
    more = byte > 0x7f;
  }
  const headerBytes = (headerSize.decode(xz, XZ_EDGE).size + 1) * 4;
  return xz.slice(XZ_EDGE + headerBytes, XZ_EDGE + unpadded);
}

function encode(
  liblzma: Liblzma,
  bytes: Uint8Array,
  settings: CompressionSettings,
  room: (size: number) => number,
): OwnBytes {
  const { dictionaryBytes: dictSize, lc, lp, pb, preset, armThumb } = settings;
  const limit = sizeLimit(bytes.length);
  const options = room(OPTIONS_BYTES);
  const filters = room(3 * lzmaFilter.size);
  const position = room(4);
  const input = room(bytes.length);
  const output = room(limit);
  const none = { presetDict: 0, presetDictSize: 0 };
  const memory = liblzma.HEAPU8;
  lzmaOptions.encodeInto({ dictSize, ...none, lc, lp, pb, ...searchOf(preset) }, memory, options);
  const end = { id: 0xffffffff, idHigh: 0xffffffff, options: 0, filler: 0 };
  const chain: LzmaFilter[] = [{ id: FILTER_LZMA2, idHigh: 0, options, filler: 0 }, end];
  if (armThumb) chain.unshift({ id: FILTER_ARMTHUMB, idHigh: 0, options: 0, filler: 0 });
  for (const [index, filter] of chain.entries()) {
    lzmaFilter.encodeInto(filter, memory, filters + index * lzmaFilter.size);
  }
  memory.set(bytes, input);
  const { _lzma_stream_buffer_encode: encodeBuffer } = liblzma;
  const found = encodeBuffer(filters, CHECK_NONE, 0, input, bytes.length, output, position, limit);
  if (found !== LZMA_OK) {
    const why = found === LZMA_OPTIONS_ERROR ? 'it takes no such settings' : `error ${found}`;
    throw new DfuError('UNSUPPORTED', `compression: liblzma: ${why}`);
  }
  const after = liblzma.HEAPU8;
  const size = u32le.read(new DataView(after.buffer, after.byteOffset), position, 'position');
  return rawStream(after.subarray(output, output + size));
}

/**
 * A compressor out of liblzma: the streams are those that imgtool makes, byte for byte, for Python's lzma is
 * liblzma too. Throws `INVALID_ARGUMENT` for settings that LZMA2 does not have.
 */
export function liblzmaCompressor(liblzma: Liblzma): Compressor {
  const compress = (bytes: Uint8Array, settings: CompressionSettings): OwnBytes => {
    checkSettings(settings);
    // An .xz file of nothing has no block; the stream is its end mark alone.
    if (bytes.length === 0) return new Uint8Array(1);
    const { _malloc: allocate, _free: release } = liblzma;
    const taken: number[] = [];
    const room = (size: number): number => {
      const address = allocate(size);
      if (address === 0) {
        throw new DfuError('UNSUPPORTED', `compression: no memory for ${size} bytes`);
      }
      taken.push(address);
      liblzma.HEAPU8.fill(0, address, address + size);
      return address;
    };
    try {
      return encode(liblzma, bytes, settings, room);
    } finally {
      for (const address of taken) release(address);
    }
  };
  return (bytes, settings) => new Promise((resolve) => resolve(compress(bytes, settings)));
}
