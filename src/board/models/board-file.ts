import type { Stm32SystemMemory } from '../../boot/stm32/index.ts';
import {
  DfuError,
  choiceShape,
  listShape,
  may,
  need,
  objectShape,
  pathText,
  readShape,
  schemaDocument,
  textShape,
  usual,
  wholeShape,
} from '../../bytes/index.ts';
import type { KeysOf, Shape } from '../../bytes/index.ts';
import type { FlashGeometry, MemoryRange } from '../../flash/index.ts';
import type { BoardModel } from './board-model.ts';
import {
  mcubootShape,
  riotbootShape,
  systemMemoryShape,
  zephyrShape,
} from './bootloader-shapes.ts';
import { checkBoard } from './check-board.ts';
import { MOST_ADDRESS, asciiShape, buttonShape, flashShape, sensorShape } from './file-shapes.ts';

/** As a file writes it: a number also as a text in hex. */
export type Written<T> = T extends number
  ? number | `0x${string}`
  : T extends string | boolean | undefined
    ? T
    : { readonly [Key in keyof T]: Written<T[Key]> };

/** A flash as a board file has it: what is erased reads as 0xff unless it says otherwise. */
export interface BoardFileFlash extends Omit<Written<FlashGeometry>, 'erasedValue'> {
  readonly erasedValue?: Written<FlashGeometry['erasedValue']> | undefined;
}

/**
 * A board as a file describes it: what {@link BoardModel} has, numbers as numbers or as texts in hex
 * (`"0x08000000"`), and what is the same nearly everywhere may be left out.
 */
export interface BoardFile
  extends
    Omit<Written<BoardModel>, 'chip' | 'flash' | 'systemMemory' | 'buttons' | 'sensors'>,
    Partial<Pick<Written<BoardModel>, 'chip' | 'buttons' | 'sensors'>> {
  /** Where editors find the schema; nothing here reads it. */
  readonly $schema?: string | undefined;
  readonly flash: BoardFileFlash;
  /** The loader in the chip's system memory, by the chip's name (`STM32F072`) or in full. */
  readonly systemMemory?: 'STM32F072' | Written<Stm32SystemMemory> | undefined;
}

/** The bootloaders that a file may name. */
export const boardBootloaders = [
  'riotboot_dfu',
  'riotboot',
  'mcuboot',
  'none',
  'flash',
  'stm32-rom',
] as const;

const ram: Shape<MemoryRange> = objectShape('baseAddress and sizeBytes', {
  baseAddress: need(wholeShape(0, MOST_ADDRESS, '', 4), 'Address of its first byte.'),
  sizeBytes: need(wholeShape(1024, 2 ** 32, 'bytes', 4), 'In bytes.'),
} satisfies KeysOf<MemoryRange>);

const name = textShape('1 to 64 letters, digits and _ . @ + -', {
  pattern: /^[A-Za-z0-9][A-Za-z0-9_.@+-]*$/,
  most: 64,
});

/** All that a board file may say; the reader and the schema both come from it. */
const shape: Shape<BoardModel> = objectShape('a board', {
  $schema: may(textShape('a text'), 'Where editors find this schema.'),
  name: need(name, 'What the board is called; also its USB product string.'),
  chip: usual(asciiShape(64), 'The chip, as its maker calls it.', 'unknown'),
  flash: need(flashShape, 'The flash that bootloader and images are in.'),
  flashBaseAddress: need(
    wholeShape(0, MOST_ADDRESS, '', 4),
    'Where the processor sees its first byte.',
  ),
  ram: need(ram, 'RAM; the 64 bytes at its end survive a reset.'),
  bootloaders: need(
    listShape(choiceShape(boardBootloaders), { least: 1, most: boardBootloaders.length }),
    'The bootloaders that it can be had with, the usual one first.',
  ),
  riotboot: may(riotbootShape, 'What riotboot is built with; needed where bootloaders names it.'),
  zephyr: may(
    zephyrShape,
    "Zephyr's partitions, by their labels; needed where bootloaders names mcuboot.",
  ),
  mcuboot: may(mcubootShape, "What MCUboot is built with, where that is not Zephyr's default."),
  systemMemory: may(
    systemMemoryShape,
    "The loader that the chip's maker has put into it; needed for stm32-rom.",
  ),
  buttons: usual(
    listShape(buttonShape, { most: 64 }),
    'The buttons; a bootloader looks at the first one unless told otherwise.',
    [],
  ),
  sensors: usual(
    listShape(sensorShape, { most: 256 }),
    'Sensors and lamps, as RIOT lists them.',
    [],
  ),
} satisfies KeysOf<BoardModel> & Record<string, unknown>);

/**
 * Reads a board file: what JSON.parse made of it, or the same from a module.
 *
 * Throws `INVALID_ARGUMENT` with the path in the file (`flash.sectors[0].sizeBytes`), what was expected there and what
 * came: for keys that are not known, for values that cannot be, and for partitions and slots that overlap, lie outside
 * of the flash or do not begin and end with a sector.
 */
export function readBoardFile(data: unknown): BoardModel {
  const read = readShape(shape, data, {
    path: [],
    fault: (path, words) =>
      new DfuError('INVALID_ARGUMENT', path.length === 0 ? words : `${pathText(path)}: ${words}`),
  });
  const { $schema: _, ...model } = read as BoardModel & Pick<BoardFile, '$schema'>;
  checkBoard(model);
  return model;
}

/** Whether a board is told by the path of its file, not by its name: it has a slash, or ends as such files do. */
export function isBoardPath(board: string): boolean {
  return /[/\\]|\.(?:json|[mc]?[jt]s)$/i.test(board);
}

/** The JSON schema of board files, draft 2020-12: what editors complete and check them with. */
export function boardFileSchema(): object {
  return {
    ...schemaDocument(shape, {
      $id: 'https://unpkg.com/dfukit/schemas/board.schema.json',
      title: 'A board of dfukit',
      description:
        'Its flash, its bootloaders and what they are built with. Numbers may be texts in hex.',
    }),
  };
}
