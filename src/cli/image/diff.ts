import { DfuError, hexNumber, sameBytes } from '../../bytes/index.ts';
import { parseImage, rangeText, readUf2, recognise, unwrapFile } from '../../image/index.ts';
import type { McubootImage, PackagedFile, Unwrapped, WholePackage } from '../../image/index.ts';
import { diffBytes, diffImages, diffMaps } from './diff-image.ts';
import { inFile } from '../shared/firmware-file.ts';
import { packageIn, readPart } from '../shared/image-part.ts';
import type { PartOptions } from '../shared/image-part.ts';
import { writeJson } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';

/** An image taken apart; what is wrong with it where that cannot be done. */
function takenApart({ bytes }: Unwrapped): McubootImage | DfuError {
  try {
    return parseImage(bytes);
  } catch (error) {
    if (DfuError.is(error)) return error;
    throw error;
  }
}

function diffFiles(one: Unwrapped, other: Unwrapped): string[] {
  const lines: string[] = [];
  if (one.what.format !== other.what.format) {
    lines.push(`format: ${one.what.format} → ${other.what.format}`);
  }
  const places = [one.address, other.address].map((address) =>
    address === undefined ? 'none' : hexNumber(address, 8),
  );
  if (places[0] !== places[1]) lines.push(`address: ${places[0] ?? ''} → ${places[1] ?? ''}`);
  if (JSON.stringify(one.suffix) !== JSON.stringify(other.suffix))
    lines.push('DFU suffix: differs');
  for (const line of diffElsewhere(one, other)) lines.push(line);
  if (one.what.format !== 'mcuboot' || other.what.format !== 'mcuboot') {
    return [...lines, ...diffBytes('bytes', [one.bytes, other.bytes], 0)];
  }
  const [left, right] = [takenApart(one), takenApart(other)];
  if (left instanceof DfuError || right instanceof DfuError) {
    const broken = (name: string, image: McubootImage | DfuError): string[] =>
      image instanceof DfuError ? [`${name}: cannot be taken apart: ${image.message}`] : [];
    const found = [...broken('first', left), ...broken('second', right)];
    return [...lines, ...found, ...diffBytes('bytes', [one.bytes, other.bytes], 0)];
  }
  const behind = (image: McubootImage, { bytes }: Unwrapped): Uint8Array =>
    bytes.subarray(image.bytes.length);
  const tails = [behind(left, one), behind(right, other)] as const;
  return [
    ...lines,
    ...diffImages(left, right),
    ...diffBytes('behind the image', tails, left.bytes.length),
  ];
}

/** What files have for other memories than their bytes, where it is not the same: configuration words count too. */
function diffElsewhere({ elsewhere: left }: Unwrapped, { elsewhere: right }: Unwrapped): string[] {
  const others = new Map(right.map((segment) => [segment.address, segment]));
  const lines: string[] = [];
  for (const segment of left) {
    const other = others.get(segment.address);
    others.delete(segment.address);
    if (other === undefined) lines.push(`elsewhere: only in the first, ${rangeText(segment)}`);
    else lines.push(...diffBytes('elsewhere', [segment.bytes, other.bytes], segment.address));
  }
  for (const segment of others.values()) {
    lines.push(`elsewhere: only in the second, ${rangeText(segment)}`);
  }
  return lines;
}

const asMap = (words: Readonly<Record<string, string>>): Map<string, string> =>
  new Map(Object.entries(words));

/** All files, in one list: also those that the manifest says nothing of. */
const allFiles = ({ files, unlisted }: WholePackage): PackagedFile[] => [...files, ...unlisted];

/** Two packages: what their manifests say, and each file of both. */
function diffPackages(one: WholePackage, other: WholePackage): string[] {
  const heads = diffMaps(asMap(one.manifest), asMap(other.manifest));
  return [
    ...heads.map((line) => `manifest: ${line}`),
    ...diffFilesOf(allFiles(one), allFiles(other)),
  ];
}

/** File by file, by their names. */
function diffFilesOf(one: readonly PackagedFile[], other: readonly PackagedFile[]): string[] {
  const others = new Map(other.map((file) => [file.name, file]));
  const lines: string[] = [];
  for (const { name, bytes, manifest } of one) {
    const found = others.get(name);
    others.delete(name);
    if (found === undefined) {
      lines.push(`${name}: only in the first`);
      continue;
    }
    // which slot, image or board it is for is no byte of the file
    for (const line of diffMaps(asMap(manifest), asMap(found.manifest)))
      lines.push(`${name}: manifest: ${line}`);
    if (!sameBytes(bytes, found.bytes)) {
      const files = [bytes, found.bytes].map((each) => inFile(name, () => unwrapFile(each)));
      const [left, right] = files as [Unwrapped, Unwrapped];
      const told = diffFiles(left, right);
      const written = told.length > 0 ? told : ['the same bytes, written in another way'];
      lines.push(...written.map((line) => `${name}: ${line}`));
    }
  }
  for (const name of others.keys()) lines.push(`${name}: only in the second`);
  return lines;
}

/** Options of `dfukit image diff`. */
export interface DiffOptions extends PartOptions {
  readonly json?: true | undefined;
}

interface Sayer {
  difference(line: string): void;
  /** How it ended; where they differ, the lines before have told it. */
  end(same: boolean, message?: string): void;
}

function sayer({ out }: Terminal, { json }: DiffOptions): Sayer {
  if (json !== true) {
    return {
      difference: (line) => void out.write(`${line}\n`),
      end: (_, message) => void (message !== undefined && out.write(`${message}\n`)),
    };
  }
  return {
    difference: (message) => writeJson(out, { type: 'difference', message }),
    end: (same, message) => writeJson(out, { type: 'compared', same, message }),
  };
}

/** `dfukit image diff`: 0 if the images are equal, 1 if not, as diff has it. */
export function imageDiff(
  terminal: Terminal,
  [one, other]: readonly [string, string],
  options: DiffOptions = {},
): number {
  const say = sayer(terminal, options);
  const files = [terminal.files.read(one), terminal.files.read(other)] as const;
  if (sameBytes(...files)) {
    say.end(true, `no difference: ${files[0].length} bytes, all the same`);
    return 0;
  }
  const { lines, size } = compared(terminal, [one, other], options);
  for (const line of lines) say.difference(line);
  if (lines.length > 0) {
    say.end(false);
    return 1;
  }
  say.end(
    true,
    `no difference in what they hold, ${size} bytes; the files are written in another way`,
  );
  return 0;
}

/** A part is one of the file that has parts; what it is compared with may be that part by itself. */
function partOrWhole(terminal: Terminal, path: string, options: PartOptions): Unwrapped {
  const { format } = recognise(terminal.files.read(path));
  const isPlain = format === 'mcuboot' || format === 'riotboot' || format === 'binary';
  return readPart(terminal, path, isPlain ? {} : options);
}

function compared(
  terminal: Terminal,
  [one, other]: readonly [string, string],
  options: PartOptions,
): { readonly lines: string[]; readonly size: number } {
  if (options.part === undefined) {
    const [left, right] = [one, other].map((path) => packageIn(terminal.files, path));
    if (left !== undefined && right !== undefined) {
      const size = allFiles(left).reduce((sum, { bytes }) => sum + bytes.length, 0);
      return { lines: diffPackages(left, right), size };
    }
  }
  const [left, right] = [one, other].map((path) => partOrWhole(terminal, path, options)) as [
    Unwrapped,
    Unwrapped,
  ];
  const size = [left.bytes, ...left.elsewhere.map(({ bytes }) => bytes)].reduce(
    (sum, bytes) => sum + bytes.length,
    0,
  );
  const families = options.part === undefined ? diffFamilies(terminal, [one, other]) : [];
  return { lines: [...families, ...diffFiles(left, right)], size };
}

/** Chips that two UF2 files are for, where they are not the same. */
function diffFamilies(terminal: Terminal, paths: readonly [string, string]): string[] {
  const found = paths.map((path) => {
    const file = terminal.files.read(path);
    if (recognise(file).format !== 'uf2') return undefined;
    const { families } = inFile(path, () => readUf2(file));
    const texts = families.map(({ id, name }) =>
      id === undefined ? 'none' : (name ?? hexNumber(id, 8)),
    );
    return texts.join(', ');
  });
  const [left, right] = found;
  if (left === undefined || right === undefined || left === right) return [];
  return [`UF2 family: ${left} → ${right}`];
}
