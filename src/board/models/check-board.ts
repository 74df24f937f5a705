import { DfuError, hexNumber } from '../../bytes/index.ts';
import { SectorMap } from '../../flash/index.ts';
import type { FlashRange } from '../../flash/index.ts';
import type { BoardModel } from './board-model.ts';
import type { RiotbootName } from './riotboot-build.ts';
import { checkMcuboot } from './check-mcuboot.ts';
import { checkSystemMemory } from './check-system-memory.ts';
import { MOST_FLASH } from './file-shapes.ts';
import { riotbootPlaces } from './riotboot-places.ts';

/** A part of the flash, by its path in the file. */
interface Place extends FlashRange {
  readonly path: string;
  /** Who it belongs to, where the file does not say it. */
  readonly what?: string | undefined;
  /** Nothing erases it: it need not have sectors to itself. */
  readonly kept?: boolean | undefined;
}

/** Most parts of a flash that are erased one by one. */
const MOST_SECTORS = 2 ** 20;

const wrong = (path: string, words: string): DfuError =>
  new DfuError('INVALID_ARGUMENT', `${path}: ${words}`);

const rangeText = ({ offsetBytes, sizeBytes }: FlashRange): string =>
  `${hexNumber(offsetBytes)} to ${hexNumber(offsetBytes + sizeBytes)}`;

/** Throws for a geometry that cannot be, or is larger than a board of a file may have. */
function sectorsOf({ flash }: BoardModel): SectorMap {
  let total = 0;
  let count = 0;
  for (const [n, run] of flash.sectors.entries()) {
    const path = `flash.sectors[${n}]`;
    if (run.sizeBytes % flash.writeUnitBytes !== 0) {
      const expected = `a multiple of flash.writeUnitBytes, ${flash.writeUnitBytes}`;
      throw wrong(`${path}.sizeBytes`, `expected ${expected}, got ${run.sizeBytes}`);
    }
    const { pageBytes = run.sizeBytes } = flash;
    if (run.sizeBytes % pageBytes !== 0) {
      const expected = `a multiple of flash.pageBytes, ${pageBytes}`;
      throw wrong(`${path}.sizeBytes`, `expected ${expected}, got ${run.sizeBytes}`);
    }
    total += run.count * run.sizeBytes;
    count += run.count;
    if (total > MOST_FLASH || count > MOST_SECTORS) {
      const most = `at most ${MOST_FLASH} bytes and ${MOST_SECTORS} sectors of flash`;
      throw wrong(path, `expected ${most} in all, got ${total} bytes and ${count} sectors`);
    }
  }
  return new SectorMap(flash);
}

/** Throws for memory that ends beyond what 32 bits address, or for RAM within the flash. */
function checkMemories({ flashBaseAddress, ram }: BoardModel, flashBytes: number): void {
  const [from, end] = [flashBaseAddress, flashBaseAddress + flashBytes];
  const ramEnd = ram.baseAddress + ram.sizeBytes;
  if (end > 2 ** 32) {
    const words = `expected ${flashBytes} bytes of flash to end below 0x100000000`;
    throw wrong('flashBaseAddress', `${words}, got ${hexNumber(from)}`);
  }
  if (ramEnd > 2 ** 32) {
    const words = `expected ${ram.sizeBytes} bytes of RAM to end below 0x100000000`;
    throw wrong('ram.baseAddress', `${words}, got ${hexNumber(ram.baseAddress)}`);
  }
  if (ram.baseAddress >= end || ramEnd <= from) return;
  const got = `${hexNumber(ram.baseAddress)} to ${hexNumber(ramEnd)}`;
  const words = `expected RAM outside of the flash, ${hexNumber(from)} to ${hexNumber(end)}`;
  throw wrong('ram', `${words}, got ${got}`);
}

/** Throws for a part that lies outside of the flash, or does not begin and end with a sector. */
function checkPlace(sectors: SectorMap, { path, what, kept, ...range }: Place): void {
  const got = `got ${rangeText(range)}${what === undefined ? '' : ` (${what})`}`;
  if (range.sizeBytes < 1 || range.offsetBytes + range.sizeBytes > sectors.sizeBytes) {
    const flash = rangeText({ offsetBytes: 0, sizeBytes: sectors.sizeBytes });
    throw wrong(path, `expected a range within the flash, ${flash}, ${got}`);
  }
  for (const edge of [range.offsetBytes, range.offsetBytes + range.sizeBytes]) {
    if (kept === true) break;
    if (sectors.isEdge(edge)) continue;
    const sector = sectors.at(edge);
    const words = `expected whole sectors, and ${hexNumber(edge)} is within`;
    throw wrong(path, `${words} ${rangeText(sector)}, ${got}`);
  }
}

/** Throws for parts that have bytes in common. */
function checkApart(places: readonly Place[]): void {
  const sorted = places.toSorted((one, other) => one.offsetBytes - other.offsetBytes);
  for (const [n, place] of sorted.entries()) {
    const before = sorted[n - 1];
    if (before === undefined || before.offsetBytes + before.sizeBytes <= place.offsetBytes)
      continue;
    const name = before.path === place.path ? (before.what ?? before.path) : before.path;
    const words = `expected a range apart from ${name}, ${rangeText(before)}`;
    throw wrong(place.path, `${words}, got ${rangeText(place)}`);
  }
}

function zephyrPlaces({ zephyr }: BoardModel): Place[] {
  if (zephyr === undefined) return [];
  const { boot, slots, storage, scratch } = zephyr;
  return [
    { path: 'zephyr.boot', kept: true, ...boot },
    ...slots.map(({ offsetBytes, sizeBytes }, n) => ({
      path: `zephyr.slots[${n}]`,
      offsetBytes,
      sizeBytes,
    })),
    ...(storage === undefined ? [] : [{ path: 'zephyr.storage', ...storage }]),
    ...(scratch === undefined ? [] : [{ path: 'zephyr.scratch', ...scratch }]),
  ];
}

function checkZephyr(model: BoardModel, sectors: SectorMap): void {
  const { zephyr, mcuboot = {} } = model;
  if (zephyr === undefined) return;
  const places = zephyrPlaces(model);
  for (const place of places) checkPlace(sectors, place);
  checkApart(places);
  const { slots, romStartOffset } = zephyr;
  if (slots.length % 2 !== 0) {
    throw wrong('zephyr.slots', `expected two for each image, got ${slots.length}`);
  }
  for (const [n, { sizeBytes }] of slots.entries()) {
    if (sizeBytes > romStartOffset) continue;
    const words = `expected more than the header of ${romStartOffset} bytes`;
    throw wrong(`zephyr.slots[${n}].sizeBytes`, `${words}, got ${sizeBytes}`);
  }
  if (mcuboot.images !== undefined && mcuboot.images * 2 > slots.length) {
    const words = `expected at most ${slots.length / 2}, for ${slots.length} slots`;
    throw wrong('mcuboot.images', `${words}, got ${mcuboot.images}`);
  }
}

function checkRiotboot(model: BoardModel, sectors: SectorMap): void {
  const names = model.bootloaders.filter(
    (each): each is RiotbootName => each === 'riotboot' || each === 'riotboot_dfu',
  );
  for (const name of names) {
    let layout;
    try {
      layout = riotbootPlaces(model, name);
    } catch (error) {
      if (DfuError.is(error)) throw wrong('riotboot', error.message);
      throw error;
    }
    const { bootloaderBytes, headerBytes, slots } = layout;
    const given = model.riotboot?.slots !== undefined;
    const places = slots.map(({ index, offsetBytes, sizeBytes }): Place => {
      const path = given ? `riotboot.slots[${index}]` : 'riotboot.slots';
      return { path, offsetBytes, sizeBytes, what: given ? undefined : `slot ${index} of ${name}` };
    });
    for (const { path, sizeBytes } of places) {
      if (sizeBytes > headerBytes) continue;
      const words = `expected more than the header of ${headerBytes} bytes`;
      throw wrong(path, `${words}, got ${sizeBytes}`);
    }
    for (const place of places) checkPlace(sectors, place);
    if (bootloaderBytes === 0)
      throw wrong('riotboot.slots[0]', `expected room for ${name} in front, got none`);
    checkApart([
      { path: 'riotboot.bootloaderBytes', offsetBytes: 0, sizeBytes: bootloaderBytes },
      ...places,
    ]);
  }
}

/** What each bootloader needs in the file, and what is there for nobody. */
const NEEDS: readonly {
  readonly key: 'riotboot' | 'zephyr' | 'mcuboot' | 'systemMemory';
  readonly bootloaders: readonly string[];
  readonly need: boolean;
  readonly useless: boolean;
}[] = [
  { key: 'riotboot', bootloaders: ['riotboot', 'riotboot_dfu'], need: true, useless: true },
  // Zephyr's name and storage are there without MCUboot, too.
  { key: 'zephyr', bootloaders: ['mcuboot'], need: true, useless: false },
  { key: 'mcuboot', bootloaders: ['mcuboot'], need: false, useless: true },
  { key: 'systemMemory', bootloaders: ['stm32-rom'], need: true, useless: true },
];

function checkBootloaders(model: BoardModel): void {
  const { bootloaders } = model;
  for (const [n, name] of bootloaders.entries()) {
    if (bootloaders.indexOf(name) === n) continue;
    throw wrong(`bootloaders[${n}]`, `expected each one once, got "${name}" again`);
  }
  for (const { key, bootloaders: whose, need, useless } of NEEDS) {
    const user = bootloaders.find((each) => whose.includes(each));
    if (user === undefined && useless && model[key] !== undefined) {
      const words = `does nothing unless bootloaders has ${whose.join(' or ')}`;
      throw wrong(key, `expected nothing: it ${words}`);
    }
    if (user === undefined || !need || model[key] !== undefined) continue;
    throw wrong(key, `expected what ${user} needs to know of the board, got nothing`);
  }
  const { signature, keys } = model.mcuboot ?? {};
  if (signature === 'none' && keys !== undefined) {
    throw wrong('mcuboot.keys', 'expected nothing where mcuboot.signature is none, got a list');
  }
}

function checkNames({ buttons, sensors }: BoardModel): void {
  for (const [list, named] of [
    ['buttons', buttons],
    ['sensors', sensors],
  ] as const) {
    const names = named.map(({ name }) => name);
    const again = names.findIndex((name, n) => names.indexOf(name) !== n);
    if (again < 0) continue;
    const words = `expected another name than ${list}[${names.indexOf(names[again] ?? '')}] has`;
    throw wrong(`${list}[${again}].name`, `${words}, got "${names[again] ?? ''}"`);
  }
  for (const [n, { class: kind, button, pin }] of sensors.entries()) {
    if (pin !== undefined && kind !== 'ACT_SWITCH') {
      throw wrong(`sensors[${n}].pin`, `expected nothing for ${kind}, got "${pin}"`);
    }
    const path = `sensors[${n}].button`;
    if (button === undefined) continue;
    if (kind !== 'SENSE_BTN') throw wrong(path, `expected nothing for ${kind}, got "${button}"`);
    if (buttons.some(({ name }) => name === button)) continue;
    const known = buttons.map(({ name }) => name).join(', ') || 'none';
    throw wrong(path, `expected the name of a button (there is: ${known}), got "${button}"`);
  }
}

/** Throws `INVALID_ARGUMENT` with the path of what cannot be, or cannot be together. */
export function checkBoard(model: BoardModel): void {
  const sectors = sectorsOf(model);
  checkMemories(model, sectors.sizeBytes);
  checkBootloaders(model);
  checkZephyr(model, sectors);
  checkMcuboot(model);
  checkSystemMemory(model);
  checkRiotboot(model, sectors);
  checkNames(model);
}
