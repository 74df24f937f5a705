import { boardModels, flashSizeBytes } from '../../board/index.ts';
import { DfuError, hexNumber } from '../../bytes/index.ts';
import { SectorMap } from '../../flash/index.ts';
import type { FlashGeometry } from '../../flash/index.ts';
import { firstMemory, imagesIn, layOver, noFirmwareName, rangeText } from '../../image/index.ts';
import type { LaidOver, Segment } from '../../image/index.ts';
import { readFirmware, tellLeftOut } from '../shared/firmware-file.ts';
import type { FlashBase, LayoutOptions } from './options.ts';
import { warn } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';

/** A flash that a file may be laid over. */
interface FlashExtent {
  readonly geometry: FlashGeometry;
  /** Where its parts lie, one behind the other in the flash; undefined where nobody knows. */
  readonly bases: readonly FlashBase[] | undefined;
}

/**
 * Where flash begins on the processors that MCUboot, riotboot and DfuSe run on: nRF, RP2040; nRF53's
 * network core; SAM; STM32 and its secure alias; LPC; external flash of i.MX RT and STM32.
 */
const USUAL_BASES: readonly number[] = [
  0, 0x0040_0000, 0x0100_0000, 0x0800_0000, 0x0c00_0000, 0x1000_0000, 0x1a00_0000, 0x3000_0000,
  0x6000_0000, 0x7000_0000, 0x9000_0000,
];

/** A dump as its file has it: the bytes of a whole flash, or bytes at addresses to be laid over one. */
export interface DumpFile {
  readonly path: string;
  /** All of the flash, if the file has no addresses. */
  readonly raw: Uint8Array | undefined;
  /** By address; none of a raw file. */
  readonly segments: readonly Segment[];
}

/** Reads a dump. Throws with the path in front for what is no dump of flash. */
export function readDump(terminal: Terminal, path: string): DumpFile {
  const { bytes, segmentFormat, segments, suffix, what } = readFirmware(terminal.files, path);
  const got = noFirmwareName(what.format);
  if (got !== undefined) {
    throw new DfuError('MALFORMED', `${path}: expected a dump of flash, got ${got}`);
  }
  // What looks like a suffix at the end of a flash is a part of the flash.
  const raw = suffix === undefined ? bytes : terminal.files.read(path);
  if (segmentFormat === undefined) return { path, raw, segments };
  if (segments.length > 0) return { path, raw: undefined, segments };
  throw new DfuError('MALFORMED', `${path}: expected bytes at addresses, got none`);
}

/** Where the flash of a file with addresses is likely to begin. */
function likelyBase({ segments }: DumpFile, sizeBytes: number): number | undefined {
  const lowest = segments[0]?.address ?? 0;
  const below = USUAL_BASES.filter((base) => base <= lowest && lowest < base + sizeBytes);
  return below.at(-1);
}

/** How large the flash of a dump may be and where it may lie; more than one only if nothing says it. */
export interface PossibleFlash {
  readonly sizeBytes: number;
  readonly bases: readonly FlashBase[] | undefined;
}

/** Smallest flash that a file is tried with: less has no room for a loader and two slots. */
const LEAST_FLASH = 64 * 1024;
const MOST_FLASH = 64 * 1024 * 1024;

/** The flashes that a dump may be of: that of raw bytes is as large as they are. */
export function possibleFlashes(file: DumpFile, { base }: LayoutOptions): PossibleFlash[] {
  if (file.raw !== undefined) return [{ sizeBytes: file.raw.length, bases: base }];
  const [near] = firstMemory(file.segments);
  const end = near.reduce((most, each) => Math.max(most, each.address + each.bytes.length), 0);
  const holds = (from: number, sizeBytes: number): boolean =>
    from <= (near[0]?.address ?? 0) && end <= from + sizeBytes;
  const told = base?.[0]?.address;
  const found: PossibleFlash[] = [];
  for (const { flash, flashBaseAddress: address } of boardModels) {
    const sizeBytes = flashSizeBytes(flash);
    if (told !== undefined && told !== address) continue;
    if (holds(address, sizeBytes)) found.push({ sizeBytes, bases: base ?? [{ address }] });
  }
  for (let sizeBytes = LEAST_FLASH; sizeBytes <= MOST_FLASH; sizeBytes *= 2) {
    const address = told ?? likelyBase(file, sizeBytes);
    if (address === undefined || !holds(address, sizeBytes)) continue;
    found.push({ sizeBytes, bases: base ?? [{ address }] });
    break;
  }
  if (found.length === 0) throw noBase(file);
  return found.filter(
    ({ sizeBytes }, n) => found.findIndex((each) => each.sizeBytes === sizeBytes) === n,
  );
}

function basesOf(file: DumpFile, { bases }: FlashExtent, sizeBytes: number): readonly FlashBase[] {
  if (bases !== undefined) return bases;
  const address = likelyBase(file, sizeBytes);
  if (address !== undefined) return [{ address }];
  throw noBase(file);
}

function noBase({ path, segments }: DumpFile): DfuError {
  const where = segments.slice(0, 4).map(rangeText).join(', ');
  const words = `expected the address of the flash (--base ADDRESS); the file has ${where}`;
  return new DfuError('INVALID_ARGUMENT', `${path}: ${words}`);
}

/** The file as the bytes of a flash: absent ones are erased, what lies elsewhere is answered. */
export function laidOver(file: DumpFile, extent: FlashExtent): LaidOver {
  const { geometry } = extent;
  if (file.raw !== undefined) return { bytes: Uint8Array.from(file.raw), outside: [] };
  const { sizeBytes } = new SectorMap(geometry);
  const bytes = new Uint8Array(sizeBytes);
  let outside = file.segments;
  let from = 0;
  for (const base of basesOf(file, extent, sizeBytes)) {
    const size = base.sizeBytes ?? sizeBytes - from;
    if (from + size > sizeBytes) {
      const words = `expected parts of the flash of ${sizeBytes} bytes in all, got more`;
      throw new DfuError('INVALID_ARGUMENT', `--base: ${words}`);
    }
    const area = { baseAddress: base.address, sizeBytes: size };
    const part = layOver(outside, area, geometry.erasedValue);
    bytes.set(part.bytes, from);
    ({ outside } = part);
    from += size;
  }
  return { bytes: bytes.fill(geometry.erasedValue, from), outside };
}

/** What to do about raw bytes that are not as many as the flash has. */
function demandSize(path: string, raw: Uint8Array, sizeBytes: number): void {
  if (raw.length === sizeBytes) return;
  const known = boardModels.filter(({ flash }) => flashSizeBytes(flash) === raw.length);
  const names = known.map(({ name }) => name).join(', ');
  const other = known.length === 0 ? '' : `; that large is the flash of ${names} (--board)`;
  const advice =
    raw.length < sizeBytes
      ? `it is cut short, or of another flash${other}. Read all of the flash; or, where the rest of it is erased, ` +
        'give what there is as Intel HEX with its address ' +
        '(objcopy -I binary -O ihex --change-addresses ADDRESS DUMP DUMP.hex), and where the flash begins (--base)'
      : `it is of another flash${other}, or of more than one memory: ` +
        'say its layout (--layout, --sectors), or cut out the bytes of this flash';
  const words = `expected a dump of all ${sizeBytes} bytes of the flash, got ${raw.length}`;
  const code = raw.length < sizeBytes ? 'TRUNCATED' : 'OUT_OF_RANGE';
  throw new DfuError(code, `${path}: ${words}: ${advice}`);
}

/** The same for the flash that it is: says what is outside, and what the base was taken for. */
export function asFlash(terminal: Terminal, file: DumpFile, extent: FlashExtent): Uint8Array {
  const { sizeBytes } = new SectorMap(extent.geometry);
  if (file.raw !== undefined) demandSize(file.path, file.raw, sizeBytes);
  const { bytes, outside } = laidOver(file, extent);
  if (file.raw !== undefined) return bytes;
  const [first] = basesOf(file, extent, sizeBytes);
  const base = first?.address ?? 0;
  const all = file.segments.reduce((sum, each) => sum + each.bytes.length, 0);
  const lost = outside.reduce((sum, each) => sum + each.bytes.length, 0);
  if (lost === all) {
    const where = file.segments.slice(0, 4).map(rangeText).join(', ');
    const words = `expected bytes of the flash at ${hexNumber(base, 8)} (--base), got ${where}`;
    throw new DfuError('OUT_OF_RANGE', `${file.path}: ${words}`);
  }
  if (extent.bases === undefined && base !== 0) {
    warn(terminal, `layout: the flash is taken to begin at ${hexNumber(base, 8)}; say --base`);
  }
  tellLeftOut(terminal, file.path, { segments: outside, why: 'outside of the flash' });
  return bytes;
}

/** Images that the file has and this flash does not, one sentence each: they may be the ones that are asked about. */
export function leftOutDoubts(file: DumpFile, extent: FlashExtent): string[] {
  if (file.raw !== undefined) return [];
  return imagesIn(laidOver(file, extent).outside).map(
    ({ address }) => `an image at ${hexNumber(address, 8)} is outside of this flash and left out`,
  );
}
