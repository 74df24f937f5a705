import { DfuError } from '../../bytes/index.ts';
import { liblzmaCompressor } from '../../image/index.ts';
import type { Compressor, Liblzma } from '../../image/index.ts';

/** The package that has liblzma as WebAssembly, and the version that this was tried with. */
const PACKAGE = 'node-liblzma';
const VERSION = '5.1.3';

/** A variable, so that the compiler does not ask for a package that need not be there. */
const MODULE: string = `${PACKAGE}/wasm`;

async function load(): Promise<Compressor> {
  try {
    const { initModule } = (await import(MODULE)) as {
      readonly initModule: () => Promise<Liblzma>;
    };
    return liblzmaCompressor(await initModule());
  } catch (cause) {
    const words =
      `it needs the package ${PACKAGE} beside dfukit, for its WebAssembly: ` +
      `npm install --ignore-scripts ${PACKAGE}@${VERSION}`;
    throw new DfuError('UNSUPPORTED', `--compression: ${words}`, { cause });
  }
}

/**
 * Compresses with liblzma, as imgtool does, byte for byte. Throws `UNSUPPORTED` where its package is not
 * installed.
 */
export const lzmaCompressor: Compressor = async (bytes, settings) => {
  const compressor = await load();
  return compressor(bytes, settings);
};
