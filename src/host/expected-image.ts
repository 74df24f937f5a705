import { DfuError, hexNumber } from '../bytes/index.ts';
import {
  ENCRYPTED_FLAGS,
  ImageFlag,
  parseImage,
  readImageHeader,
  recognise,
} from '../image/index.ts';
import type {
  FirmwareTarget,
  Recognised,
  TargetRange,
  TargetSlot,
  VectorTable,
} from '../image/index.ts';
import type { SendElement } from './send-element.ts';
import { right, unknown, wrong } from './expected-finding.ts';
import type { Finding } from './expected-finding.ts';

const isIn = ({ address, sizeBytes }: TargetRange, at: number): boolean =>
  at >= address && at < address + sizeBytes;

const hex = (address: number): string => hexNumber(address, 8);

/** Code, and where the processor would see it; without an address nobody can say. */
interface Code {
  readonly bytes: Uint8Array;
  readonly address: number | undefined;
}

/** How far from the beginning of a RAM another memory of the chip begins at the least: 16 MiB. */
const SAME_RAM_BYTES = 0x100_0000;

/** A stack ends where RAM ends, at the highest. A chip may have other RAM far away. */
function stackFinding(
  { ram, name }: FirmwareTarget,
  { stackPointer }: VectorTable,
): Finding | undefined {
  const end = ram.address + ram.sizeBytes;
  if (stackPointer > ram.address && stackPointer <= end) return undefined;
  const words = `its stack begins at ${hex(stackPointer)}, and the RAM of ${name} is ${hex(ram.address)} to ${hex(end - 1)}`;
  const isNear = stackPointer > ram.address && stackPointer < ram.address + SAME_RAM_BYTES;
  return isNear ? wrong(`${words}: a program for another chip`, 'other-place') : unknown(words);
}

/** The slot that code at that address is linked for, in words; empty where there is none. */
function linkedFor({ slots }: FirmwareTarget, at: number): string {
  const slot = slots.find((each) => isIn(each, at));
  return slot === undefined ? '' : `: it is linked for slot ${slot.index}`;
}

function handlerFinding(
  target: FirmwareTarget,
  { resetHandler }: VectorTable,
  { bytes, address }: Code,
): Finding | undefined {
  // Bit 0 says Thumb, and is no part of the address.
  const handler = resetHandler - 1;
  const { flash, name } = target;
  // Many chips show the memory that they start from at address 0, too.
  const isAtStart = address === undefined || address === flash.address;
  if (isAtStart && handler < bytes.length) return undefined;
  if (!isIn(flash, handler)) {
    const end = flash.address + flash.sizeBytes - 1;
    const words = `it starts at ${hex(handler)}, and the flash of ${name} is ${hex(flash.address)} to ${hex(end)}`;
    return wrong(`${words}: a program for another chip`, 'other-place');
  }
  if (address === undefined) return undefined;
  if (isIn({ address, sizeBytes: bytes.length }, handler)) return undefined;
  const range = `${hex(address)} to ${hex(address + bytes.length - 1)}`;
  const words = `it would run from ${range}, and starts at ${hex(handler)}`;
  return wrong(`${words}${linkedFor(target, handler)}`, 'other-place');
}

/** Whether code can run there, as far as a Cortex-M's vector table says it. */
function codeFindings(target: FirmwareTarget, code: Code): Finding[] {
  const found = recognise(code.bytes);
  const vectors = found.format === 'binary' ? found.vectors : undefined;
  if (vectors === undefined)
    return [unknown('it has no vector table that says for which chip it is')];
  const { offsetBytes } = vectors;
  const at = code.address === undefined ? undefined : code.address + offsetBytes;
  const own = { bytes: code.bytes.subarray(offsetBytes), address: at };
  const findings = [stackFinding(target, vectors), handlerFinding(target, vectors, own)];
  const told = findings.filter((each) => each !== undefined);
  return told.some(({ is }) => is === 'wrong')
    ? told
    : [...told, right('the addresses that it starts with')];
}

const kindNames: Partial<Readonly<Record<Recognised['format'], string>>> = {
  mcuboot: 'an MCUboot image',
  riotboot: 'a riotboot image',
  empty: 'empty',
  erased: 'nothing but 0xff',
};

function kindText(what: Recognised): string {
  if (what.format === 'binary') {
    return what.vectors === undefined
      ? 'no image with such a header'
      : 'a program without a header';
  }
  return kindNames[what.format] ?? 'no such image';
}

function sizeFinding({ index, mostBytes, sizeBytes }: TargetSlot, bytes: number): Finding {
  if (bytes <= mostBytes) return right(`its size (${bytes} of ${mostBytes} bytes)`);
  const kept =
    mostBytes < sizeBytes ? `, of which its bootloader needs ${sizeBytes - mostBytes}` : '';
  const words = `its ${bytes} bytes are ${bytes - mostBytes} too many for slot ${index}: that has ${sizeBytes}${kept}`;
  return wrong(words);
}

function riotbootFindings(target: FirmwareTarget, slot: TargetSlot, data: Uint8Array): Finding[] {
  const what = recognise(data);
  if (what.format !== 'riotboot') {
    return [wrong(`it boots images with a riotboot header, and the file is ${kindText(what)}`)];
  }
  if (what.fault !== undefined) return [wrong('the checksum of its riotboot header is wrong')];
  if (data.length <= slot.headerBytes) {
    const words = `its ${data.length} bytes are a header, of ${slot.headerBytes} bytes here, and no program behind it`;
    return [wrong(words)];
  }
  const { startAddress } = what.header;
  if (startAddress !== slot.imageAddress) {
    const meant = target.slots.find(({ imageAddress }) => imageAddress === startAddress);
    const its = meant === undefined ? '' : `: it is for slot ${meant.index}`;
    const alternate = meant?.alternate === undefined ? '' : `, alternate ${meant.alternate}`;
    const words = `by its header it starts at ${hex(startAddress)}, and in slot ${slot.index} images start at ${hex(slot.imageAddress)}`;
    return [wrong(`${words}${its}${alternate}`, 'other-place')];
  }
  const code = { bytes: data.subarray(slot.headerBytes), address: startAddress };
  return [
    right(`its place (slot ${slot.index})`),
    sizeFinding(slot, data.length),
    ...codeFindings(target, code),
  ];
}

/** What cannot be read where it lies: a payload that is encrypted or compressed. */
const UNREADABLE = ENCRYPTED_FLAGS | ImageFlag.COMPRESSED_LZMA1 | ImageFlag.COMPRESSED_LZMA2;

function mcubootFindings(target: FirmwareTarget, slot: TargetSlot, data: Uint8Array): Finding[] {
  const what = recognise(data);
  if (what.format !== 'mcuboot') {
    return [wrong(`it boots MCUboot images, and the file is ${kindText(what)}`)];
  }
  let header;
  let imageBytes;
  try {
    header = readImageHeader(data);
    imageBytes = parseImage(data).bytes.length;
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    return [wrong(`the image is damaged: ${error.message}`)];
  }
  const { hdrSize, imgSize, flags } = header;
  const findings = [sizeFinding(slot, imageBytes)];
  if (data.length > slot.sizeBytes) {
    const words = `the file has ${data.length} bytes, and slot ${slot.index} has ${slot.sizeBytes}`;
    findings.push(wrong(words));
  }
  if (hdrSize !== slot.headerBytes) {
    const words = `its header has ${hdrSize} bytes, and programs begin ${slot.headerBytes} bytes into a slot (CONFIG_ROM_START_OFFSET)`;
    return [...findings, wrong(words, 'other-place')];
  }
  findings.push(right(`its header (${hdrSize} bytes)`));
  if ((flags & UNREADABLE) !== 0) {
    const words = 'the program in it is encrypted or compressed, and cannot be looked at';
    return [...findings, unknown(words)];
  }
  const code = { bytes: data.subarray(hdrSize, hdrSize + imgSize), address: slot.imageAddress };
  return [...findings, ...codeFindings(target, code)];
}

/** Where a file may say that an image for a slot belongs: there, or where it runs. */
function placesOf({ address, uploadAddress, imageAddress, headerBytes }: TargetSlot): number[] {
  return [address, uploadAddress ?? address, imageAddress - headerBytes];
}

/** What is sent to a place of the device. */
export interface ExpectedPiece extends SendElement {
  /** The slot that it goes into; undefined: none, or nobody can say. */
  readonly slot: TargetSlot | undefined;
  /** Why its slot is not known, in words. */
  readonly unknownSlot?: string | undefined;
}

/** What is sent to a place against what its bootloader boots there. */
export function pieceFindings(
  target: FirmwareTarget,
  { address, data, slot, unknownSlot }: ExpectedPiece,
): Finding[] {
  if (unknownSlot !== undefined) return [unknown(unknownSlot)];
  if (slot !== undefined) {
    if (address !== undefined && !placesOf(slot).includes(address)) {
      const words = `the file says that it belongs at ${hex(address)}, and slot ${slot.index} is at ${hex(slot.address)}`;
      return [wrong(words, 'other-place')];
    }
    if (target.imageKind === 'riotboot') return riotbootFindings(target, slot, data);
    if (target.imageKind === 'mcuboot') return mcubootFindings(target, slot, data);
  }
  const what = recognise(data);
  if (what.format !== 'binary' || what.vectors === undefined) return [];
  return codeFindings(target, { bytes: data, address });
}
