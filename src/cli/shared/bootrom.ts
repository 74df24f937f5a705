import { DfuError, toHex } from '../../bytes/index.ts';
import type { ChipModel } from '../../chip/index.ts';
import { inFile } from './firmware-file.ts';
import type { Terminal } from './terminal.ts';

/** RP2040 datasheet §2.8.2: `M`, `u`, 1 stand behind the first four vectors. */
const ROM_MAGIC = { offset: 0x10, hex: '4d7501' };

/**
 * The file of `--bootrom`; undefined if there is none. Throws `INVALID_ARGUMENT` for a chip that takes none, `MALFORMED` for
 * what is no boot ROM of it.
 */
export function readBootrom(
  terminal: Terminal,
  { name, romBytes }: ChipModel,
  path: string | undefined,
): Uint8Array | undefined {
  if (path === undefined) return undefined;
  if (romBytes === undefined) {
    throw new DfuError('INVALID_ARGUMENT', `${name} has no --bootrom: it would do nothing`);
  }
  const rom = terminal.files.read(path);
  return inFile(path, () => {
    if (rom.length !== romBytes) {
      const words = `expected the ${romBytes} bytes of ${name}'s boot ROM, got ${rom.length}`;
      throw new DfuError('MALFORMED', words);
    }
    const { offset, hex } = ROM_MAGIC;
    const magic = toHex(rom.subarray(offset, offset + 3));
    if (name !== 'RP2040' || magic === hex) return rom;
    const words = `expected the magic "Mu" 1 of a boot ROM at 0x10, got ${magic}`;
    throw new DfuError('MALFORMED', words);
  });
}
