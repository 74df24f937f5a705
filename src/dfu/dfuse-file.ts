import { DfuError, constant, magic, struct, text, u32le, u8 } from '../bytes/index.ts';
import type { Struct } from '../bytes/index.ts';
import { DFUSE_SIGNATURE } from './dfuse-signature.ts';
import { DfuVersion } from './functional-descriptor.ts';
import { appendSuffix, splitSuffix } from './suffix.ts';
import type { Suffix } from './suffix.ts';

/** Bytes and the address they belong to (ST UM0391 §2.3.3). */
export interface DfuSeElement {
  readonly address: number;
  readonly data: Uint8Array;
}

/** What is for one alternate setting (§2.3.2). */
export interface DfuSeTarget {
  /** bAlternateSetting: which memory. */
  readonly alternate: number;
  /** What the memory is called, up to 255 characters; undefined: not said. */
  readonly name?: string | undefined;
  readonly elements: readonly DfuSeElement[];
}

/** A .dfu file of the DfuSe kind. */
export interface DfuSeFile {
  readonly targets: readonly DfuSeTarget[];
  /** Undefined if the file has none. */
  readonly suffix: Suffix | undefined;
  /** Sizes in it that do not add up though its CRC is right and all elements are whole; mostly empty. */
  readonly problems: readonly string[];
}

interface Prefix {
  readonly szSignature: Uint8Array;
  readonly bVersion: number;
  /** Bytes of the file without its suffix. */
  readonly DFUImageSize: number;
  readonly bTargets: number;
}

interface TargetPrefix {
  readonly szSignature: Uint8Array;
  readonly bAlternateSetting: number;
  /** Other than 0: the name counts. */
  readonly bTargetNamed: number;
  readonly szTargetName: string;
  /** Bytes of its elements, their headers included. */
  readonly dwTargetSize: number;
  readonly dwNbElements: number;
}

interface ElementHeader {
  readonly dwElementAddress: number;
  readonly dwElementSize: number;
}

const ascii = (word: string): Uint8Array => Uint8Array.from(word, (char) => char.charCodeAt(0));
const TARGET_SIGNATURE = ascii('Target');

/** §2.1, 11 bytes. */
const prefix: Struct<Prefix> = struct<Prefix>('DfuSe prefix', {
  szSignature: magic(DFUSE_SIGNATURE),
  bVersion: constant(u8, 1),
  DFUImageSize: u32le,
  bTargets: u8,
});

/** §2.3.2, 274 bytes. */
const targetPrefix: Struct<TargetPrefix> = struct<TargetPrefix>('target prefix', {
  szSignature: magic(TARGET_SIGNATURE),
  bAlternateSetting: u8,
  bTargetNamed: u32le,
  szTargetName: text(255),
  dwTargetSize: u32le,
  dwNbElements: u32le,
});

/** §2.3.3, 8 bytes. */
const elementHeader: Struct<ElementHeader> = struct<ElementHeader>('element', {
  dwElementAddress: u32le,
  dwElementSize: u32le,
});

function fail(offset: number, code: 'MALFORMED' | 'TRUNCATED', message: string): DfuError {
  return new DfuError(code, `DfuSe file, byte ${offset}: ${message}`);
}

/** Reads a structure; errors say where in the file it stands. */
function decode<T>(layout: Struct<T>, bytes: Uint8Array, offset: number): T {
  try {
    return layout.decode(bytes, offset);
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    const message = `DfuSe file, byte ${offset}: ${error.message}`;
    throw new DfuError(error.code, message, { cause: error });
  }
}

/**
 * Reads a DfuSe file; the data are views of it. Some tools count the suffix in DFUImageSize, or leave bytes
 * behind the last target: where the suffix's CRC says that the file is as it was made, and every element
 * is whole, such sizes are `problems`. Throws `MALFORMED` or `TRUNCATED` with offset and field for anything
 * else that is not as it should be: sizes that do not add up, bytes left over, a damaged suffix.
 */
export function readDfuSeFile(file: Uint8Array): DfuSeFile {
  const { payload, suffix, problem } = splitSuffix(file);
  if (problem !== undefined) throw fail(file.length - 16, 'MALFORMED', problem.message);
  const problems: string[] = [];
  // Without a CRC nothing says that the file has not been cut.
  const doubt = (error: DfuError): void => {
    if (suffix === undefined) throw error;
    problems.push(error.message);
  };
  const { DFUImageSize, bTargets } = decode(prefix, payload, 0);
  if (DFUImageSize !== payload.length) {
    const code = DFUImageSize > payload.length ? 'TRUNCATED' : 'MALFORMED';
    const message = `DfuSe prefix.DFUImageSize: the file has ${payload.length} bytes, not ${DFUImageSize}`;
    doubt(fail(6, code, message));
  }
  const targets: DfuSeTarget[] = [];
  let offset = prefix.size;
  for (let index = 0; index < bTargets; index += 1) {
    const [target, end] = readTarget(payload, offset, doubt);
    targets.push(target);
    offset = end;
  }
  if (offset !== payload.length) {
    const rest = `${payload.length - offset} bytes behind the last of ${bTargets} targets`;
    const error = fail(offset, 'MALFORMED', `DfuSe prefix.bTargets: ${rest}`);
    // One target more than the prefix counts would be left out.
    if (isTarget(payload, offset)) throw error;
    doubt(error);
  }
  return { targets, suffix, problems };
}

function isTarget(payload: Uint8Array, offset: number): boolean {
  return TARGET_SIGNATURE.every((byte, at) => payload[offset + at] === byte);
}

function readTarget(
  payload: Uint8Array,
  start: number,
  doubt: (error: DfuError) => void,
): readonly [DfuSeTarget, number] {
  const head = decode(targetPrefix, payload, start);
  const first = start + targetPrefix.size;
  const end = first + head.dwTargetSize;
  const elements: DfuSeElement[] = [];
  let offset = first;
  for (let index = 0; index < head.dwNbElements; index += 1) {
    const [element, next] = readElement(payload, offset);
    elements.push(element);
    offset = next;
  }
  if (offset !== end) {
    const code = end > payload.length ? 'TRUNCATED' : 'MALFORMED';
    const message = `target prefix.dwTargetSize: ${elements.length} elements have ${offset - first} bytes, not ${head.dwTargetSize}`;
    doubt(fail(start + 266, code, message));
  }
  const name = head.bTargetNamed === 0 ? undefined : head.szTargetName;
  return [{ alternate: head.bAlternateSetting, name, elements }, offset];
}

function readElement(target: Uint8Array, start: number): readonly [DfuSeElement, number] {
  const { dwElementAddress: address, dwElementSize: size } = decode(elementHeader, target, start);
  const first = start + elementHeader.size;
  if (size > target.length - first) {
    const message = `element.dwElementSize: ${target.length - first} bytes of ${size}`;
    throw fail(start + 4, 'TRUNCATED', message);
  }
  if (address + size > 0x1_0000_0000) {
    const message = `element.dwElementSize: ${size} bytes go beyond 32 bits of address`;
    throw fail(start + 4, 'MALFORMED', message);
  }
  return [{ address, data: target.subarray(first, first + size) }, first + size];
}

/** Which device a file is for. */
export type DfuSeFileIds = Partial<Pick<Suffix, 'bcdDevice' | 'idProduct' | 'idVendor'>>;

/**
 * Makes a DfuSe file, suffix included; ids that are left out are wildcards. Throws `OUT_OF_RANGE` for
 * what does not fit its field: more than 255 targets, a name beyond 255 characters.
 */
export function writeDfuSeFile(
  targets: readonly DfuSeTarget[],
  ids: DfuSeFileIds = {},
): Uint8Array<ArrayBuffer> {
  const sizes = targets.map(({ elements }) =>
    elements.reduce((sum, { data }) => sum + elementHeader.size + data.length, 0),
  );
  const total = sizes.reduce((sum, size) => sum + targetPrefix.size + size, prefix.size);
  const bytes = new Uint8Array(total);
  const head = { szSignature: DFUSE_SIGNATURE, bVersion: 1, DFUImageSize: total };
  prefix.encodeInto({ ...head, bTargets: targets.length }, bytes, 0);
  let offset = prefix.size;
  for (const [index, { alternate, name, elements }] of targets.entries()) {
    const words: TargetPrefix = {
      szSignature: TARGET_SIGNATURE,
      bAlternateSetting: alternate,
      bTargetNamed: name === undefined ? 0 : 1,
      szTargetName: name ?? '',
      dwTargetSize: sizes[index] ?? 0,
      dwNbElements: elements.length,
    };
    targetPrefix.encodeInto(words, bytes, offset);
    offset += targetPrefix.size;
    for (const { address, data } of elements) {
      const header = { dwElementAddress: address, dwElementSize: data.length };
      elementHeader.encodeInto(header, bytes, offset);
      bytes.set(data, offset + elementHeader.size);
      offset += elementHeader.size + data.length;
    }
  }
  const any = 0xffff;
  const { bcdDevice = any, idProduct = any, idVendor = any } = ids;
  return appendSuffix(bytes, { bcdDevice, idProduct, idVendor, bcdDFU: DfuVersion.dfuSe });
}
