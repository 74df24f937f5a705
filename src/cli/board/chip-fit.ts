import type { BoardModel } from '../../board/index.ts';
import { DfuError, hexNumber, viewOf } from '../../bytes/index.ts';
import { rangeText, readUf2, recognise } from '../../image/index.ts';
import type { Segment } from '../../image/index.ts';

/** What UF2 files for a chip are marked with (uf2families.json). */
const families: Readonly<Record<string, number | undefined>> = {
  RP2040: 0xe48bff56,
  STM32F072: 0x647824b6,
  nRF52840: 0xada52840,
};

/** System V ABI, "ELF Header": a program for ARM processors. */
const EM_ARM = 40;
const MACHINE_OFFSET = 18;

/**
 * The part of a UF2 file that is for a board's chip, as `--part` names it; undefined where nothing has to be named. Throws
 * `INVALID_ARGUMENT` if all of it is for other chips.
 */
export function partForChip(file: Uint8Array, { chip, name }: BoardModel): string | undefined {
  const wanted = families[chip];
  if (wanted === undefined || recognise(file).format !== 'uf2') return undefined;
  const found = readUf2(file).families;
  if (found.some(({ id }) => id === wanted)) {
    return found.length > 1 ? hexNumber(wanted, 8) : undefined;
  }
  if (found.length === 0 || found.some(({ id }) => id === undefined)) return undefined;
  const got = found.map(({ id = 0, name: family }) =>
    [...(family === undefined ? [] : [family]), hexNumber(id, 8)].join(', '),
  );
  const expected = `${name} has an ${chip}, family ${hexNumber(wanted, 8)}`;
  const words = `the file is for another chip: ${expected}, got ${got.join('; ')}`;
  throw new DfuError('INVALID_ARGUMENT', words, { remedies: ['force'] });
}

/** Throws `INVALID_ARGUMENT` for an ELF program of another kind of processor. */
export function checkElfMachine(file: Uint8Array, { chip, name }: BoardModel): void {
  if (recognise(file).format !== 'elf' || families[chip] === undefined) return;
  const machine = viewOf(file).getUint16(MACHINE_OFFSET, true);
  if (machine === EM_ARM) return;
  const expected = `${name} has an ${chip}, whose machine is ${EM_ARM} (ARM)`;
  const words = `the file is for another processor: ${expected}, got ${machine}`;
  throw new DfuError('INVALID_ARGUMENT', words, { remedies: ['force'] });
}

/** Throws `INVALID_ARGUMENT` for a program that a debugger would put into RAM: no flash keeps it. */
export function checkNotInRam(
  segments: readonly Segment[],
  { ram, flashBaseAddress }: BoardModel,
): void {
  const end = ram.baseAddress + ram.sizeBytes;
  const isInRam = ({ address }: Segment): boolean => address >= ram.baseAddress && address < end;
  const [first] = segments;
  if (first === undefined || !segments.every((each) => isInRam(each))) return;
  const words = `it is linked into RAM (${rangeText(first)}), and only flash can be programmed`;
  const how = `link it for flash, which begins at ${hexNumber(flashBaseAddress, 8)}`;
  throw new DfuError('INVALID_ARGUMENT', `${words}; ${how}`);
}
