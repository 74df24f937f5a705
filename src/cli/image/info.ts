import { hexNumber } from '../../bytes/index.ts';
import {
  formatVersion,
  imageFlagNames,
  inspectImage,
  rangeText,
  readTrailerInfo,
  segmentFormatNames,
  unwrapFile,
} from '../../image/index.ts';
import type { FileFormat, ImageInspection, Recognised, Unwrapped } from '../../image/index.ts';
import { formatUsbId, idDigits } from '../../usb/index.ts';
import { imageRows, judgementJson, sizeText, table } from './describe.ts';
import type { Row } from './describe.ts';
import { loadDecryptionKeys, loadKeys } from '../shared/key-files.ts';
import type { NamedKey } from '../shared/key-files.ts';
import type { Terminal } from '../shared/terminal.ts';

/** Options of `dfukit image info`. */
export interface InfoOptions {
  readonly key?: readonly string[] | undefined;
  readonly decrypt?: readonly string[] | undefined;
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
  if (what.format === 'binary' && what.vectors !== undefined) {
    const { stackPointer, resetHandler } = what.vectors;
    const where = `stack ${hexNumber(stackPointer, 8)}, reset handler ${hexNumber(resetHandler, 8)}`;
    rows.push(['looks like', `Cortex-M code: ${where}`]);
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
    flags: imageFlagNames(header.flags),
    totalSize: image.bytes.length,
    pure,
    ...judgementJson(inspection),
  };
}

interface Found {
  readonly file: Unwrapped;
  readonly keys: readonly NamedKey[];
  readonly inspection: ImageInspection | undefined;
}

function asJson(path: string, { file, inspection }: Found): string {
  const { bytes, address, suffix, suffixProblem, what } = file;
  const { format, ...rest } = what;
  const image =
    inspection === undefined ? rest : { ...imageJson(inspection), trailer: readTrailerInfo(bytes) };
  const whole = { file: path, format, size: bytes.length, address, suffix, suffixProblem };
  return `${JSON.stringify({ ...whole, ...image }, null, 2)}\n`;
}

/** `dfukit image info`: what a file is and what can be told of it. */
export async function imageInfo(
  terminal: Terminal,
  path: string,
  options: InfoOptions = {},
): Promise<number> {
  const file = unwrapFile(terminal.files.read(path));
  const keys = await loadKeys(terminal, options.key ?? []);
  const decryptionKeys = await loadDecryptionKeys(terminal, options.decrypt ?? []);
  const inspection =
    file.what.format === 'mcuboot'
      ? await inspectImage(file.bytes, { keys: keys.map(({ key }) => key), decryptionKeys })
      : undefined;
  if (options.json === true) {
    terminal.out.write(asJson(path, { file, keys, inspection }));
    return 0;
  }
  const rows =
    inspection === undefined
      ? plainRows(file.what, file.bytes)
      : imageRows(inspection, file.bytes, keys);
  terminal.out.write(`${path}: ${titleOf(file)}\n${table([...wrapRows(file), ...rows])}`);
  return 0;
}
