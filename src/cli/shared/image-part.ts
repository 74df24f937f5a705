import { DfuError, hexNumber } from '../../bytes/index.ts';
import {
  imagesIn,
  readWholePackage,
  readUf2,
  recognise,
  segmentFormatNames,
  unwrapFile,
} from '../../image/index.ts';
import type { FoundImage, PackagedFile, Unwrapped, WholePackage } from '../../image/index.ts';
import type { Files } from './files.ts';
import { inFile, readFirmware, tellLeftOut } from './firmware-file.ts';
import { inflate } from './inflate.ts';
import { warn } from './terminal.ts';
import type { Terminal } from './terminal.ts';

/** What of a file with several images is meant. */
export interface PartOptions {
  /** A file of a package, the family of a UF2 file, or the address of an image. */
  readonly part?: string | undefined;
  /** Without it: the image of a package that its manifest gives this number. */
  readonly imageIndex?: number | undefined;
}

const OPTION = '--part <which>';
const OPTION_WORDS =
  'of a package the file, of a UF2 file for several chips the family, of a merged file the address of the image';

/** The option by which a command is told the part. */
export const partOption: readonly [flags: string, words: string] = [OPTION, OPTION_WORDS];

function manifestText({ name, manifest }: PackagedFile): string {
  const said = ['image_index', 'slot', 'board', 'version_MCUBOOT']
    .filter((each) => manifest[each] !== undefined)
    .map((each) => `${each} ${manifest[each] ?? ''}`);
  return said.length === 0 ? name : `${name} (${said.join(', ')})`;
}

function choose(
  path: string,
  packaged: readonly PackagedFile[],
  { part, imageIndex }: PartOptions,
): PackagedFile {
  const shown = packaged.slice(0, 8).map(manifestText);
  const rest = packaged.length > 8 ? ` and ${packaged.length - 8} more` : '';
  const has = shown.length === 0 ? 'nothing' : `${shown.join(', ')}${rest}`;
  if (part !== undefined) {
    const named = packaged.filter(({ name }) => name === part || name.endsWith(`/${part}`));
    const [one, ...more] = named;
    if (one !== undefined && more.length === 0) return one;
    const words = `expected one file ${part} in the package, which has ${has}`;
    throw new DfuError('INVALID_ARGUMENT', `${path}: --part: ${words}`);
  }
  const [only, ...others] = packaged;
  if (only !== undefined && others.length === 0) return only;
  const numbered = packaged.filter(
    ({ manifest }) => imageIndex !== undefined && manifest['image_index'] === String(imageIndex),
  );
  const [meant, ...also] = numbered;
  if (meant !== undefined && also.length === 0) return meant;
  const words = `expected one image, got a package of ${has}; say which with --part NAME`;
  throw new DfuError('AMBIGUOUS', `${path}: ${words}`);
}

/** A package, if the file is one. Throws what `readWholePackage` throws, with the path in front. */
export function packageIn(files: Files, path: string): WholePackage | undefined {
  const file = files.read(path);
  if (recognise(file).format !== 'zip') return undefined;
  return inFile(path, () => readWholePackage(unwrapFile(file).bytes, inflate));
}

/** One file of a package; what is not taken is named, unless it was chosen by hand. */
function packagePart(
  terminal: Terminal,
  path: string,
  { files, unlisted }: WholePackage,
  options: PartOptions,
): Unwrapped {
  // one that the manifest does not list is taken only where it is named
  const chosen = choose(
    path,
    options.part === undefined ? files : [...files, ...unlisted],
    options,
  );
  const others = [...files, ...unlisted].filter((each) => each !== chosen).map(manifestText);
  if (options.part === undefined && others.length > 0) {
    warn(terminal, `${path}: taken: ${manifestText(chosen)}; left out: ${others.join(', ')}`);
  }
  return inFile(`${path}: ${chosen.name}`, () => unwrapFile(chosen.bytes));
}

/** The file as if it held nothing but that image. */
function narrowed(file: Unwrapped, { address, bytes }: FoundImage): Unwrapped {
  return {
    ...file,
    bytes,
    address,
    segments: [{ address, bytes }],
    elsewhere: [],
    what: recognise(bytes),
  };
}

const addressesOf = (images: readonly FoundImage[]): string =>
  images.map(({ address }) => hexNumber(address, 8)).join(', ');

function imageAt(path: string, file: Unwrapped, part: string): Unwrapped {
  const images = imagesIn(file.segments);
  const address = /^(?:0x[0-9a-f]+|\d+)$/i.test(part) ? Number(part) : undefined;
  const found = images.find((each) => each.address === address);
  if (found !== undefined) return narrowed(file, found);
  const has = images.length === 0 ? 'no images at addresses' : `images at ${addressesOf(images)}`;
  throw new DfuError('INVALID_ARGUMENT', `${path}: --part: expected ${part}, the file has ${has}`);
}

/** A part of a UF2 file for several families is one of them. */
function familyOf(terminal: Terminal, path: string, part: string | undefined): string | undefined {
  if (part === undefined) return undefined;
  const file = terminal.files.read(path);
  if (recognise(file).format !== 'uf2') return undefined;
  return inFile(path, () => readUf2(file)).families.length > 1 ? part : undefined;
}

/**
 * The one thing that a file is meant to be: of a package or a UF2 file for several chips the part that is
 * named, of a file with addresses what is in one memory, the rest of it in `elsewhere`. Throws `AMBIGUOUS`
 * if there are several and none was named, with the path in front.
 */
export function readPart(terminal: Terminal, path: string, options: PartOptions = {}): Unwrapped {
  const { part } = options;
  const packaged = packageIn(terminal.files, path);
  if (packaged !== undefined) return packagePart(terminal, path, packaged, options);
  const family = familyOf(terminal, path, part);
  const file = orNamed(() => readFirmware(terminal.files, path, { family }));
  if (part === undefined || family !== undefined) return file;
  return imageAt(path, file, part);
}

/** A whole file, or the part of it that is named. Throws as `readPart` does. */
export function readWhole(terminal: Terminal, path: string, part: string | undefined): Unwrapped {
  if (part !== undefined) return readPart(terminal, path, { part });
  return orNamed(() => readFirmware(terminal.files, path));
}

/** Which family it is can be said. */
function orNamed<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!DfuError.is(cause, 'AMBIGUOUS')) throw cause;
    throw new DfuError(cause.code, `${cause.message}; say which with --part FAMILY`, { cause });
  }
}

/**
 * The one MCUboot image of a file, also where it lies behind a bootloader in a merged file. Anything else is
 * answered as it is. Throws `AMBIGUOUS` for more than one.
 */
export function readOneImage(
  terminal: Terminal,
  path: string,
  options: PartOptions = {},
): Unwrapped {
  const file = readPart(terminal, path, options);
  const images = imagesIn(file.segments).filter(({ format }) => format === 'mcuboot');
  const [first, ...others] = images;
  if (others.length > 0) {
    const words = `expected one image, got images at ${addressesOf(images)}; say which with --part ADDRESS`;
    throw new DfuError('AMBIGUOUS', `${path}: ${words}`);
  }
  if (file.what.format === 'mcuboot' || first === undefined) {
    tellElsewhere(terminal, path, file);
    return file;
  }
  warn(terminal, `${path}: taken: the image at ${hexNumber(first.address, 8)}`);
  return narrowed(file, first);
}

/** Names what a file has for another memory than the bytes that are taken. */
export function tellElsewhere(
  terminal: Terminal,
  path: string,
  { address, elsewhere }: Unwrapped,
): void {
  const why = `for another memory than the image at ${hexNumber(address ?? 0, 8)}`;
  tellLeftOut(terminal, path, { segments: elsewhere, why });
}

/** The bytes of the one image that a file is meant to be. Throws `MALFORMED` where there are none. */
export function readImage(terminal: Terminal, path: string, options: PartOptions = {}): Uint8Array {
  const file = readOneImage(terminal, path, options);
  if (file.segmentFormat !== undefined && file.bytes.length === 0) {
    const words = `${segmentFormatNames[file.segmentFormat]}: expected data, got none`;
    throw new DfuError('MALFORMED', `${path}: ${words}`);
  }
  return file.bytes;
}
