import { DfuError, constant, struct, u16le, u32le, viewOf } from '../../bytes/index.ts';
import type { OwnBytes } from '../../bytes/index.ts';

/** What stands in front of a firmware for a boot loader that has no other way to learn its address or its size. */
export interface DfuPrefix {
  /** `stellaris`: TI's Stellaris and Tiva; `lpc`: NXP's LPC18xx and LPC43xx. */
  readonly kind: 'stellaris' | 'lpc';
  /** Bytes of the prefix itself. */
  readonly sizeBytes: number;
  /** Where the firmware belongs; Stellaris alone says it. */
  readonly address: number | undefined;
  /** How long the firmware is by its words; LPC counts in 512 bytes. */
  readonly lengthBytes: number;
  /** Whether all of it is as its maker writes it, and its length is that of what follows. */
  readonly isWhole: boolean;
}

/** dfu-prefix of dfu-util 0.11 and TI SPMA054 write: 01 00, address in KiB, length. */
const stellaris = struct<{ command: number; addressKib: number; lengthBytes: number }>(
  'Stellaris prefix',
  { command: constant(u16le, 1), addressKib: u16le, lengthBytes: u32le },
);

const STELLARIS_COMMAND = 1;
const STELLARIS_UNIT = 1024;
/** Addresses that a count of 16 bits in KiB can say. */
const STELLARIS_END = 0x10000 * STELLARIS_UNIT;

/** NXP UM10503 "Boot image header": 1a, 3f with hash and key unused, length in 512 bytes, 8 + 4 bytes unused. */
const LPC_BYTES = 16;
const LPC_UNIT = 512;
const LPC_MOST_UNITS = 0xffff;

function lpcHead(units: number): OwnBytes {
  const head = new Uint8Array(LPC_BYTES).fill(0xff, 12);
  const view = viewOf(head);
  view.setUint16(0, 0x1a3f);
  view.setUint16(2, units, true);
  return head;
}

/**
 * The prefix that bytes begin with, if they do. `isWhole` says whether that can be relied on: two bytes alone
 * may be anything.
 */
export function readPrefix(bytes: Uint8Array): DfuPrefix | undefined {
  return readStellaris(bytes) ?? readLpc(bytes);
}

/** The prefix that bytes begin with, if all of it is as it must be. */
export function wholePrefix(bytes: Uint8Array): DfuPrefix | undefined {
  const prefix = readPrefix(bytes);
  return prefix?.isWhole === true ? prefix : undefined;
}

function readStellaris(bytes: Uint8Array): DfuPrefix | undefined {
  const { size: sizeBytes } = stellaris;
  if (bytes.length < sizeBytes || viewOf(bytes).getUint16(0, true) !== STELLARIS_COMMAND) {
    return undefined;
  }
  const { addressKib, lengthBytes } = stellaris.decode(bytes);
  // Two bytes that begin many a file: without its length it is none.
  if (lengthBytes !== bytes.length - sizeBytes) return undefined;
  const address = addressKib * STELLARIS_UNIT;
  return { kind: 'stellaris', sizeBytes, address, lengthBytes, isWhole: true };
}

function readLpc(bytes: Uint8Array): DfuPrefix | undefined {
  if (bytes.length < LPC_BYTES || bytes[0] !== 0x1a) return undefined;
  // The upper two bits say whether a key is used.
  if (((bytes[1] ?? 0) & 0x3f) !== 0x3f) return undefined;
  const units = viewOf(bytes).getUint16(2, true);
  const own = Math.ceil((bytes.length - LPC_BYTES) / LPC_UNIT);
  const isWhole = units === own && lpcHead(units).every((byte, at) => byte === bytes[at]);
  const lengthBytes = units * LPC_UNIT;
  return { kind: 'lpc', sizeBytes: LPC_BYTES, address: undefined, lengthBytes, isWhole };
}

function behind(head: Uint8Array, payload: Uint8Array): OwnBytes {
  const bytes = new Uint8Array(head.length + payload.length);
  bytes.set(head);
  bytes.set(payload, head.length);
  return bytes;
}

/**
 * A firmware for TI's Stellaris and Tiva boot loaders, which read its address from in front of it. Throws
 * `OUT_OF_RANGE` for an address that is no multiple of 1024, or at or above 64 MiB: the prefix cannot say it.
 */
export function withStellarisPrefix(payload: Uint8Array, address: number): OwnBytes {
  if (address % STELLARIS_UNIT !== 0 || address < 0 || address >= STELLARIS_END) {
    const words = `expected a multiple of 1024 below 0x4000000, got 0x${address.toString(16)}`;
    throw new DfuError('OUT_OF_RANGE', `Stellaris prefix.address: ${words}`);
  }
  const addressKib = address / STELLARIS_UNIT;
  const head = stellaris.encode({ command: 1, addressKib, lengthBytes: payload.length });
  return behind(head, payload);
}

/**
 * A firmware for NXP's LPC18xx and LPC43xx, unencrypted. Throws `OUT_OF_RANGE` for more than 65535 times 512
 * bytes: the prefix cannot say it.
 */
export function withLpcPrefix(payload: Uint8Array): OwnBytes {
  const units = Math.ceil(payload.length / LPC_UNIT);
  if (units > LPC_MOST_UNITS) {
    const most = LPC_MOST_UNITS * LPC_UNIT;
    const words = `expected at most ${most} bytes of firmware, got ${payload.length}`;
    throw new DfuError('OUT_OF_RANGE', `LPC prefix.length: ${words}`);
  }
  return behind(lpcHead(units), payload);
}
