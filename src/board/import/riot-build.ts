import { hexNumber } from '../../bytes/index.ts';
import type { FlashRange, MemoryRange, SectorRun } from '../../flash/index.ts';
import type { BoardFile } from '../models/board-file.ts';
import type { BoardAnswers } from './answers.ts';
import { hex, hexRange } from './hex-text.ts';
import { Inquiry } from './inquiry.ts';
import type { ImportedBoard } from './imported-board.ts';
import { fillSectors, sectorsText, sizeText } from './sectors.ts';
import { readSettings } from './settings.ts';
import type { Settings } from './settings.ts';
import { stm32Sectors } from './stm32-sectors.ts';
import { malformed } from './text-file.ts';
import type { BuildText } from './text-file.ts';

interface Question {
  readonly inquiry: Inquiry;
  readonly settings: Settings;
  readonly answers: BoardAnswers;
}

const said = 'the command line';

/** What RIOT's make variables and `riotbuild.h` call the same thing. */
const NAMES = {
  ram: ['RAM_START_ADDR', 'CPU_RAM_BASE'],
  ramBytes: ['RAM_LEN', 'CPU_RAM_SIZE'],
  flash: ['ROM_START_ADDR', 'CPU_FLASH_BASE'],
  flashBytes: ['ROM_LEN'],
  writeUnit: ['FLASHPAGE_WRITE_BLOCK_SIZE'],
} as const;

/** Small ones in decimal, addresses and sizes in hex. */
function figureText(value: number): string {
  return value < 256 ? `${value}` : hexNumber(value);
}

/** The first of these that is said, as a number. */
function figure(
  { inquiry, settings }: Question,
  what: string,
  names: readonly string[],
): number | undefined {
  for (const name of names) {
    const found = settings.number(name);
    if (found === undefined) continue;
    const from = `${found.place.name}:${found.place.line} ${name}`;
    return inquiry.found(what, found.value, { from, text: figureText(found.value) });
  }
  return undefined;
}

/** A figure that the command line has the last word on. */
function figureOf(
  question: Question,
  what: string,
  {
    answer,
    names,
    option,
  }: {
    readonly answer: number | undefined;
    readonly names: readonly string[];
    readonly option: string;
  },
): number | undefined {
  if (answer !== undefined) {
    return question.inquiry.found(what, answer, { from: said, text: figureText(answer) });
  }
  const found = figure(question, what, names);
  if (found !== undefined) return found;
  const [name = ''] = names;
  return question.inquiry.missing(name === '' ? what : `${what}, ${name}`, option);
}

function slotsOf(question: Question): FlashRange[] {
  const { settings, answers } = question;
  const count = settings.number('NUM_SLOTS')?.value === 1 ? 1 : 2;
  return Array.from({ length: count }, (_, index) => {
    const answer = answers.slots?.[index] ?? {};
    const part = (key: 'OFFSET' | 'LEN', given: number | undefined): number =>
      figureOf(question, `slot ${index} ${key === 'LEN' ? 'length' : 'offset'}`, {
        answer: given,
        names: [`SLOT${index}_${key}`],
        option: `--slot${index}-${key.toLowerCase()}`,
      }) ?? 0;
    return {
      offsetBytes: part('OFFSET', answer.offsetBytes),
      sizeBytes: part('LEN', answer.sizeBytes),
    };
  });
}

/** `FLASHPAGE_SIZE` times `FLASHPAGE_NUMOF`, or what was said, or a table of the chip's. */
function sectorsOf(
  question: Question,
  { chip, slots }: { readonly chip: string; readonly slots: readonly FlashRange[] },
): readonly SectorRun[] | undefined {
  const { inquiry, settings, answers } = question;
  const found = (sectors: readonly SectorRun[], from: string): readonly SectorRun[] =>
    inquiry.found('sectors', sectors, { from, text: sectorsText(sectors) });
  const rom = settings.number('ROM_LEN');
  const romBytes =
    rom?.value ?? Math.max(...slots.map((slot) => slot.offsetBytes + slot.sizeBytes));
  if (answers.sectors !== undefined) {
    const { sectors } = answers;
    const isCounted = rom === undefined && sectors.every(({ count }) => count !== undefined);
    const runs = isCounted
      ? sectors.map(({ count = 0, sizeBytes }) => ({ count, sizeBytes }))
      : fillSectors(sectors, romBytes);
    return found(runs, said);
  }
  const size = settings.number('FLASHPAGE_SIZE');
  const count = settings.number('FLASHPAGE_NUMOF');
  if (size !== undefined && count !== undefined) {
    const { name, line } = size.place;
    const from = `${name}:${line} FLASHPAGE_SIZE, FLASHPAGE_NUMOF`;
    if (rom !== undefined && size.value * count.value !== rom.value) {
      malformed(size.place, `expected pages that make up ROM_LEN, ${rom.value} bytes`);
    }
    return found([{ count: count.value, sizeBytes: size.value }], from);
  }
  const table = stm32Sectors(chip, romBytes);
  if (table !== undefined) return found(table.sectors, `${table.from}, for ${chip}`);
  const much = rom === undefined ? '' : ` of ${sizeText(rom.value)}`;
  const what = `sectors that can be erased${much}; FLASHPAGE_SIZE and FLASHPAGE_NUMOF are in no file`;
  return inquiry.missing(what, '--sectors');
}

function ramOf(question: Question): MemoryRange | undefined {
  const { inquiry, answers } = question;
  if (answers.ram !== undefined) {
    const { baseAddress, sizeBytes } = answers.ram;
    const text = `${sizeText(sizeBytes)} at ${hexNumber(baseAddress, 8)}`;
    return inquiry.found('RAM', answers.ram, { from: said, text });
  }
  const baseAddress = figure(question, 'RAM base', NAMES.ram);
  const sizeBytes = figure(question, 'RAM length', NAMES.ramBytes);
  if (baseAddress !== undefined && sizeBytes !== undefined) return { baseAddress, sizeBytes };
  return inquiry.missing('RAM, RAM_START_ADDR and RAM_LEN', '--ram');
}

function wordOf(
  { inquiry, settings }: Question,
  what: string,
  { answer, names }: { readonly answer: string | undefined; readonly names: readonly string[] },
): string | undefined {
  if (answer !== undefined) return inquiry.found(what, answer, { from: said });
  for (const name of names) {
    const found = settings.text(name);
    if (found === undefined) continue;
    // riotbuild.h: RIOT_BOARD is BOARD_SAMR21_XPRO, and BOARD_SAMR21_XPRO is "samr21-xpro".
    const value = settings.text(found.value)?.value ?? found.value;
    return inquiry.found(what, value.replaceAll(/[\\"]/g, ''), { from: found.place });
  }
  return undefined;
}

/** RIOT's CPUs that riotboot is there for, and that are no Cortex-M. */
const OTHER_CHIPS = /^(?:fe310|gd32v|esp)/i;

/** Images start here as a Cortex-M starts: any other processor's would be a fault. */
function noteProcessor({ inquiry, settings }: Question, chip: string): void {
  for (const name of ['CPU_CORE', 'CPU_ARCH']) {
    const core = settings.text(name);
    if (core === undefined || /^(?:cortex-m|armv[678])/i.test(core.value)) continue;
    inquiry.unsupported(`a processor that is no Cortex-M: ${name} is ${core.value}`, core.place);
  }
  if (OTHER_CHIPS.test(chip)) inquiry.unsupported('a processor that is no Cortex-M', chip);
}

/** `RIOTBOOT_LEN` that riotboot_dfu needs. */
const LEAST_WITH_DFU = 0x4000;

/** Which of the two it is stands in no file: the one with USB where it has room, and that is said. */
function bootloadersOf({ inquiry }: Question, [first]: readonly FlashRange[]): string[] {
  const room = first?.offsetBytes ?? 0;
  const names = ['riotboot_dfu', 'riotboot'];
  const usual = room < LEAST_WITH_DFU ? names.toReversed() : names;
  const from = `by the room in front of slot 0, ${hexNumber(room)} bytes; --bootloader of "board run" has the last word`;
  return inquiry.found('bootloader', usual, { from, text: usual.join(', else ') });
}

/**
 * Makes a board file out of what a RIOT build says: its make variables as `NAME=value`, or its `riotbuild.h`; each
 * may be said or corrected by an answer. Throws `MALFORMED` for figures that are none, `INVALID_ARGUMENT` with all
 * that must be said besides.
 */
export function importRiot(file: BuildText, answers: BoardAnswers): ImportedBoard {
  const inquiry = new Inquiry();
  const question: Question = { inquiry, settings: readSettings(file), answers };
  const name = wordOf(question, 'board', { answer: answers.name, names: ['BOARD', 'RIOT_BOARD'] });
  if (name === undefined) inquiry.missing('the name of the board, BOARD', '--name');
  const chip =
    wordOf(question, 'chip', {
      answer: answers.chip,
      names: ['CPU_MODEL', 'CPU', 'RIOT_CPU'],
    }) ?? 'unknown';
  const slots = slotsOf(question);
  const headerBytes = figureOf(question, 'riotboot header', {
    answer: answers.riotbootHeaderBytes,
    names: ['RIOTBOOT_HDR_LEN'],
    option: '--riotboot-header',
  });
  const base = figureOf(question, 'flash base', {
    answer: answers.flashBaseAddress,
    names: NAMES.flash,
    option: '--flash-base',
  });
  const writeUnitBytes = figureOf(question, 'write unit', {
    answer: answers.writeUnitBytes,
    names: NAMES.writeUnit,
    option: '--write-unit',
  });
  const sectors = sectorsOf(question, { chip, slots });
  const ram = ramOf(question);
  const bootloaders = bootloadersOf(question, slots);
  noteProcessor(question, chip);
  inquiry.close(file.name);
  if (ram === undefined || sectors === undefined || writeUnitBytes === undefined) {
    throw new Error('asked for and not missed');
  }
  const board: BoardFile = {
    name: name ?? '',
    chip,
    flash: { sectors, writeUnitBytes },
    flashBaseAddress: hex(base ?? 0, 8),
    ram: { baseAddress: hex(ram.baseAddress, 8), sizeBytes: hex(ram.sizeBytes) },
    bootloaders,
    riotboot: { headerBytes: hex(headerBytes ?? 0), slots: slots.map(hexRange) },
  };
  return { file: board, findings: inquiry.findings, doubts: inquiry.doubts };
}
