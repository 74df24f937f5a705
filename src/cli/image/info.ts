import { hexNumber } from '../../bytes/index.ts';
import {
  flagWords,
  formatVersion,
  imagesIn,
  inspectImage,
  rangeText,
  readWholePackage,
  readEspressifLoadHeader,
  readTrailerInfo,
  recognise,
  segmentFormatNames,
  sizeText,
  unwrapFile,
  wholePrefix,
} from '../../image/index.ts';
import type {
  DecryptionKey,
  DfuPrefix,
  FileFormat,
  FoundImage,
  ImageInspection,
  Recognised,
  Unwrapped,
} from '../../image/index.ts';
import { formatUsbId, idDigits } from '../../usb/index.ts';
import { imageRows, judgementJson, table } from './describe.ts';
import type { Row } from './describe.ts';
import { inFile } from '../shared/firmware-file.ts';
import { readWhole } from '../shared/image-part.ts';
import { inflate } from '../shared/inflate.ts';
import { loadDecryptionKeys, loadKeys } from '../shared/key-files.ts';
import type { NamedKey } from '../shared/key-files.ts';
import type { Terminal } from '../shared/terminal.ts';

/** Options of `dfukit image info`. */
export interface InfoOptions {
  readonly key?: readonly string[] | undefined;
  readonly decrypt?: readonly string[] | undefined;
  readonly part?: string | undefined;
  readonly json?: true | undefined;
}

const titles: Readonly<Record<FileFormat, string>> = {
  mcuboot: 'MCUboot image',
  riotboot: 'riotboot image',
  hex: 'Intel HEX file',
  elf: 'ELF file',
  uf2: 'UF2 file',
  srec: 'S-record file',
  dfuse: 'DfuSe file',
  zip: 'zip file',
  pem: 'key or certificate in text (PEM), no firmware',
  html: 'web page (HTML), no firmware',
  empty: 'empty file',
  erased: 'erased flash, nothing but 0xff',
  binary: 'plain binary',
};

/** What is inside counts, if it has a name. */
function titleOf({ what, segmentFormat }: Unwrapped): string {
  return titles[what.format === 'binary' ? (segmentFormat ?? what.format) : what.format];
}

function wrapRows(file: Unwrapped): Row[] {
  const { address, suffix, suffixProblem, bytes, segmentFormat, elsewhere } = file;
  const rows: Row[] = [];
  if (suffix !== undefined) {
    const { bcdDevice, bcdDFU } = suffix;
    const [ids, release] = [formatUsbId(suffix), idDigits(bcdDevice)];
    rows.push(['DFU suffix', `for ${ids}, release ${release}, bcdDFU ${hexNumber(bcdDFU, 4)}`]);
  }
  if (suffixProblem !== undefined) rows.push(['DFU suffix', `damaged: ${suffixProblem}`]);
  if (address === undefined || segmentFormat === undefined) return rows;
  const name = segmentFormatNames[segmentFormat];
  rows.push([name, rangeText({ address, bytes })]);
  for (const segment of elsewhere) rows.push(['elsewhere', rangeText(segment)]);
  return rows;
}

/** What stands in front of a firmware for another boot loader. */
function prefixText({ kind, sizeBytes, address, lengthBytes }: DfuPrefix): string {
  const maker = { lpc: 'NXP LPC', stellaris: 'TI Stellaris' }[kind];
  const where = address === undefined ? '' : ` for ${hexNumber(address, 8)}`;
  return `${maker}, ${sizeBytes} bytes, in front of ${lengthBytes} bytes${where}`;
}

function plainRows(what: Recognised, bytes: Uint8Array): Row[] {
  const rows: Row[] = [['size', sizeText(bytes.length)]];
  if (what.format === 'riotboot') {
    const { version, startAddress, checksum } = what.header;
    const state = what.fault === undefined ? 'right' : 'WRONG: riotboot does not boot it';
    rows.push(
      ['version', `${version} (${hexNumber(version, 8)})`],
      ['start', hexNumber(startAddress, 8)],
      ['checksum', `${hexNumber(checksum, 8)}: ${state}`],
      ['payload', 'no hash, no signature: riotboot checks only the header'],
    );
  }
  const prefix = what.format === 'binary' ? wholePrefix(bytes) : undefined;
  if (prefix !== undefined) rows.push(['prefix', prefixText(prefix)]);
  if (what.format === 'binary' && what.vectors !== undefined) {
    const { offsetBytes, stackPointer, resetHandler } = what.vectors;
    const where = `stack ${hexNumber(stackPointer, 8)}, reset handler ${hexNumber(resetHandler, 8)}`;
    const room = offsetBytes === 0 ? '' : ` behind ${offsetBytes} bytes of room for a header`;
    rows.push(['looks like', `Cortex-M code${room}: ${where}`]);
  }
  return rows;
}

function imageJson(inspection: ImageInspection): object {
  const { image, pure } = inspection;
  const { header, endian } = image;
  return {
    version: formatVersion(header.version),
    endian,
    headerSize: header.hdrSize,
    imageSize: header.imgSize,
    loadAddress: header.loadAddr,
    flags: flagWords(header.flags),
    totalSize: image.bytes.length,
    pure,
    ...judgementJson(inspection),
  };
}

/** What a file holds, looked into. */
interface Content {
  /** Its name in a package. */
  readonly name?: string | undefined;
  /** What the package says of it. */
  readonly manifest?: Readonly<Record<string, string>> | undefined;
  readonly file: Unwrapped;
  readonly inspection: ImageInspection | undefined;
  /** Images at other addresses than the first byte of the file. */
  readonly inside: readonly Inside[];
}

interface Inside {
  readonly image: FoundImage;
  readonly inspection: ImageInspection | undefined;
}

class Looking {
  readonly keys: readonly NamedKey[];
  readonly #decryptionKeys: readonly DecryptionKey[];

  constructor(keys: readonly NamedKey[], decryptionKeys: readonly DecryptionKey[]) {
    this.keys = keys;
    this.#decryptionKeys = decryptionKeys;
  }

  async into(file: Unwrapped): Promise<Content> {
    const inside: Inside[] = [];
    for (const image of imagesIn(file.segments)) {
      if (image.address === file.address) continue;
      inside.push({ image, inspection: await this.#inspect(image.format, image.bytes) });
    }
    return { file, inspection: await this.#inspect(file.what.format, file.bytes), inside };
  }

  async #inspect(format: FileFormat, bytes: Uint8Array): Promise<ImageInspection | undefined> {
    if (format !== 'mcuboot') return undefined;
    const keys = this.keys.map(({ key }) => key);
    return inspectImage(bytes, { keys, decryptionKeys: this.#decryptionKeys });
  }
}

function insideJson({ image: { address, format, bytes }, inspection }: Inside): object {
  const image = inspection === undefined ? {} : imageJson(inspection);
  return { address, format, size: bytes.length, ...image };
}

function contentJson({ name, manifest, file, inspection, inside }: Content): object {
  const { bytes, address, suffix, suffixProblem, what, segments } = file;
  const { format, ...rest } = what;
  const image =
    inspection === undefined ? rest : { ...imageJson(inspection), trailer: readTrailerInfo(bytes) };
  const places = segments.map((each) => ({ address: each.address, size: each.bytes.length }));
  return {
    name,
    manifest,
    format,
    size: bytes.length,
    address,
    segments: segments.length === 0 ? undefined : places,
    suffix,
    suffixProblem,
    prefix: format === 'binary' ? wholePrefix(bytes) : undefined,
    loadHeader: readEspressifLoadHeader(bytes),
    ...image,
    images: inside.length === 0 ? undefined : inside.map(insideJson),
  };
}

/** Espressif's chips are told by it where in RAM the program goes. */
function espressifRows(bytes: Uint8Array): Row[] {
  const header = readEspressifLoadHeader(bytes);
  if (header === undefined) return [];
  const place = (address: number, size: number): string =>
    `${size} bytes to ${hexNumber(address, 8)}`;
  const code = place(header.iramAddress, header.iramBytes);
  const data = place(header.dramAddress, header.dramBytes);
  const entry = `enters ${hexNumber(header.entryAddress, 8)}`;
  return [['Espressif', `load header: ${entry}, code ${code}, data ${data}`]];
}

function contentText({ file, inspection, inside, manifest }: Content, looking: Looking): string {
  const { bytes } = file;
  const rows =
    inspection === undefined
      ? plainRows(file.what, bytes)
      : imageRows(inspection, bytes, looking.keys);
  const said = Object.entries(manifest ?? {}).map(([name, value]): Row => [name, value]);
  const parts = [table([...said, ...wrapRows(file), ...rows, ...espressifRows(bytes)])];
  for (const { image, inspection: found } of inside) {
    const { address, format } = image;
    const detail =
      found === undefined
        ? plainRows(recognise(image.bytes), image.bytes)
        : imageRows(found, image.bytes, looking.keys);
    parts.push(`${titles[format]} at ${hexNumber(address, 8)}\n`);
    parts.push(table([...detail, ...espressifRows(image.bytes)]));
  }
  return parts.join('');
}

/** A package's images, each looked into. */
async function packageInfo(
  terminal: Terminal,
  path: string,
  { looking, zip, json }: { looking: Looking; zip: Uint8Array; json: boolean },
): Promise<number> {
  const contents: Content[] = [];
  const { files, unlisted, manifest: head } = inFile(path, () => readWholePackage(zip, inflate));
  for (const { name, bytes, manifest } of files) {
    const file = inFile(`${path}: ${name}`, () => unwrapFile(bytes));
    contents.push({ ...(await looking.into(file)), name, manifest });
  }
  const others = unlisted.map(({ name, bytes }) => ({ name, bytes: bytes.length }));
  if (json) {
    const whole = {
      file: path,
      format: 'zip',
      manifest: head,
      files: contents.map(contentJson),
      unlisted: others,
    };
    terminal.out.write(`${JSON.stringify(whole, null, 2)}\n`);
    return 0;
  }
  const many = contents.length === 1 ? '1 file' : `${contents.length} files`;
  terminal.out.write(`${path}: package of ${many}\n${table(Object.entries(head))}`);
  for (const { name, bytes } of others) {
    terminal.out.write(`  ${name} (${bytes} bytes) is not in its manifest\n`);
  }
  for (const content of contents) {
    const title = `${content.name ?? ''}: ${titleOf(content.file)}`;
    terminal.out.write(`\n${title}\n${contentText(content, looking)}`);
  }
  return 0;
}

/** `dfukit image info`: what a file is and what can be told of it. */
export async function imageInfo(
  terminal: Terminal,
  path: string,
  options: InfoOptions = {},
): Promise<number> {
  const json = options.json === true;
  const keys = await loadKeys(terminal, options.key ?? []);
  const looking = new Looking(keys, await loadDecryptionKeys(terminal, options.decrypt ?? []));
  const file = readWhole(terminal, path, options.part);
  if (file.what.format === 'zip') {
    return packageInfo(terminal, path, { looking, zip: file.bytes, json });
  }
  const content = await looking.into(file);
  if (json) {
    const whole = { file: path, ...contentJson(content) };
    terminal.out.write(`${JSON.stringify(whole, null, 2)}\n`);
  } else terminal.out.write(`${path}: ${titleOf(file)}\n${contentText(content, looking)}`);
  return 0;
}
