import { DfuError, hexNumber, sha256, toHex } from '../../bytes/index.ts';
import type { MemoryRange } from '../../flash/index.ts';
import type { FirmwareFlashArea } from '../seams/firmware-api.ts';
import type { MachineCode, Peripherals } from '../seams/peripherals.ts';
import { imageExtent } from './image-extent.ts';
import type { ImageExtent } from './image-extent.ts';

/** What a Cortex-M loads before its first instruction (ARMv7-M B1.5.3). */
export interface FirstWords {
  readonly initialSp: number;
  readonly resetVector: number;
}

const hex = (value: number): string => hexNumber(value, 8);

function fault(words: string): DfuError {
  return new DfuError('MALFORMED', words);
}

function checkStack({ initialSp }: FirstWords, ram: MemoryRange): void {
  const end = ram.baseAddress + ram.sizeBytes;
  if (initialSp <= ram.baseAddress || initialSp > end) {
    const expected = `expected above ${hex(ram.baseAddress)}, up to ${hex(end)}`;
    throw fault(`stack pointer ${hex(initialSp)} is not in RAM: ${expected}`);
  }
  if (initialSp % 4 === 0) return;
  throw fault(`stack pointer ${hex(initialSp)} is no multiple of 4`);
}

/** Where the image would have to stand for its reset vector, if it lies in another part of flash. */
function linkedFor(
  address: number,
  entryAddress: number,
  {
    area,
    areas,
  }: { readonly area: ImageExtent['area']; readonly areas: readonly FirmwareFlashArea[] },
): string {
  const other = areas.find(
    (each) => each !== area && address >= each.address && address < each.address + each.sizeBytes,
  );
  if (other === undefined) return '';
  const linked = other.address + (area === undefined ? 0 : entryAddress - area.address);
  return `; it is linked for ${hex(linked)} (${other.name}), not for ${hex(entryAddress)}`;
}

function checkVector(
  { resetVector }: FirstWords,
  { image, areas }: Peripherals,
  { area, codeEnd }: ImageExtent,
): void {
  const { entryAddress } = image;
  if (resetVector % 2 === 0) {
    throw fault(`reset vector ${hex(resetVector)} is even: a Cortex-M executes Thumb code only`);
  }
  const address = resetVector - 1;
  // Initial stack pointer and reset vector are the least that a vector table has.
  if (address >= entryAddress + 8 && address < codeEnd) return;
  const where = `expected code from ${hex(entryAddress)} to ${hex(codeEnd - 1)}`;
  const linked = linkedFor(address, entryAddress, { area, areas });
  throw fault(`reset vector ${hex(resetVector)} is outside of the image: ${where}${linked}`);
}

/**
 * The image at the entry as a Cortex-M sees it. Throws `MALFORMED` for what a processor would fault on: a stack outside
 * of RAM, a reset vector that is no Thumb code or lies outside of the image.
 */
export function readMachineCode(board: Peripherals, words: FirstWords): MachineCode {
  const extent = imageExtent(board);
  // A chip that starts by itself may have its vectors elsewhere: its ROM says what is wrong.
  if (board.image.ownStart !== true) {
    checkStack(words, board.model.ram);
    checkVector(words, board, extent);
  }
  const { initialSp: stackPointer, resetVector: entry } = words;
  return { entry, stackPointer, sha256: toHex(sha256(extent.bytes)) };
}
