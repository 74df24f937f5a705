import { DfuError } from '../../bytes/index.ts';
import type { CompressionFilter, Compressor } from './compress.ts';

/** The part of the optional package `lzma-native` that is used: liblzma itself. */
interface LzmaNative {
  readonly FILTER_LZMA2: string;
  readonly FILTER_ARMTHUMB: string;
  readonly MODE_NORMAL: number;
  readonly MF_BT4: number;
  createStream(coder: string, options: { readonly filters: readonly object[] }): LzmaStream;
}

interface LzmaStream {
  on(event: 'data', listener: (piece: Uint8Array) => void): this;
  on(event: 'end', listener: () => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
  end(bytes: Uint8Array): void;
}

/** A variable, so that the compiler does not ask for a package that need not be there. */
const PACKAGE: string = 'lzma-native';

async function load(): Promise<LzmaNative> {
  try {
    const { default: lzma } = (await import(PACKAGE)) as { readonly default: LzmaNative };
    return lzma;
  } catch (cause) {
    const words = `it needs the package ${PACKAGE}, which is not installed (npm install ${PACKAGE})`;
    throw new DfuError('UNSUPPORTED', `--compression: ${words}`, { cause });
  }
}

/** liblzma's preset 9, but for what the filter says. Its `preset` would overrule those. */
function filtersOf(lzma: LzmaNative, filter: CompressionFilter): object[] {
  const { dictionary: dictSize, lc, lp, pb, armThumb } = filter;
  const { MODE_NORMAL: mode, MF_BT4: mf } = lzma;
  const options = { dictSize, lc, lp, pb, mode, niceLen: 64, mf, depth: 0 };
  const lzma2 = { id: lzma.FILTER_LZMA2, options };
  return armThumb ? [{ id: lzma.FILTER_ARMTHUMB }, lzma2] : [lzma2];
}

/**
 * Compresses with liblzma, as imgtool does, byte for byte. Throws `UNSUPPORTED` where the package is
 * not installed.
 */
export const lzmaCompressor: Compressor = async (bytes, filter) => {
  const lzma = await load();
  const stream = lzma.createStream('rawEncoder', { filters: filtersOf(lzma, filter) });
  return new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = [];
    stream
      .on('data', (piece) => pieces.push(piece))
      .on('end', () => resolve(Uint8Array.from(Buffer.concat(pieces))))
      .on('error', (cause) => {
        reject(new DfuError('IO', `--compression: ${cause.message}`, { cause }));
      });
    stream.end(bytes);
  });
};
