import { DfuError, hexNumber } from '../bytes/index.ts';
import { DfuVersion } from '../dfu/index.ts';
import { MAX_TRANSFER_BYTES } from '../usb/index.ts';
import { UNKNOWN, quirkOf } from './dfu-interface.ts';
import type { DfuInterface } from './dfu-interface.ts';

/** What blocks mean to a device: DFU 1.1's image from its beginning, or DfuSe's commands and addresses. */
export type Dialect = 'dfu' | 'dfuse';

/** As ST numbers DfuSe, and the same with its bytes swapped (seen on an OPC-20). */
const DFUSE_VERSIONS: ReadonlySet<number> = new Set([DfuVersion.dfuSe, 0x1a01]);

/**
 * Whether the device speaks DfuSe: by its bcdDFUVersion 0x011a, unless the name of its alternate setting
 * is there and describes no memory. LeafLabs' Maple says 0x011a and means plain DFU.
 */
export function speaksDfuSe(entry: DfuInterface): boolean {
  const { functional, mode, name } = entry;
  const { dialect } = quirkOf(entry);
  if (dialect !== undefined) return dialect === 'dfuse';
  if (!DFUSE_VERSIONS.has(functional.bcdDFUVersion)) return false;
  // In run-time mode names describe no memory yet.
  return mode === 'runtime' || name === UNKNOWN || name === '' || name.startsWith('@');
}

/** The one that is meant: what the device says that it speaks, unless another is asked for. */
export function dialectOf(entry: DfuInterface, wanted?: Dialect): Dialect {
  return wanted ?? (speaksDfuSe(entry) ? 'dfuse' : 'dfu');
}

/** Throws `INVALID_ARGUMENT` for an interface of run-time mode. */
export function demandDfuMode({ mode }: DfuInterface): void {
  if (mode === 'dfu') return;
  throw new DfuError('INVALID_ARGUMENT', 'the device is in run-time mode: expected DFU mode');
}

/** Throws `UNSUPPORTED` if plain DFU blocks would mean something else to this device. */
export function demandPlainDfu(entry: DfuInterface, wanted?: Dialect): void {
  demandDfuMode(entry);
  if (dialectOf(entry, wanted) === 'dfu') return;
  // Block 0 of a DfuSe device is a command: the first byte of an image could erase its flash.
  const version = hexNumber(entry.functional.bcdDFUVersion, 4);
  throw new DfuError('UNSUPPORTED', `the device speaks DfuSe (${version}), not plain DFU`, {
    remedies: ['dialect'],
  });
}

/** Throws `UNSUPPORTED` if the device says that it takes no downloads. */
export function demandDownloads({ functional }: DfuInterface): void {
  if (functional.bmAttributes.canDnload) return;
  throw new DfuError('UNSUPPORTED', 'the device takes no downloads (bitCanDnload is 0)', {
    remedies: ['force'],
  });
}

/**
 * How many bytes a block has: what the device says, or what the caller wants instead, and no more than this system carries.
 * Throws `INVALID_ARGUMENT`.
 */
export function transferSize(entry: DfuInterface, wanted: number | undefined): number {
  const { functional, mostTransferBytes = MAX_TRANSFER_BYTES } = entry;
  if (wanted === undefined) return Math.min(functional.wTransferSize, mostTransferBytes);
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > MAX_TRANSFER_BYTES) {
    const range = `expected 1 to ${MAX_TRANSFER_BYTES} bytes, got ${wanted}`;
    throw new DfuError('INVALID_ARGUMENT', `transfer size: ${range}`);
  }
  return Math.min(wanted, mostTransferBytes);
}

/** That blocks are smaller than the device would take, in words; undefined where they are not for that reason. */
export function capNote(entry: DfuInterface, usedBytes: number): string | undefined {
  const { functional, mostTransferBytes } = entry;
  if (usedBytes !== mostTransferBytes || functional.wTransferSize <= mostTransferBytes)
    return undefined;
  return `this system carries ${mostTransferBytes} bytes at a time: blocks of the ${functional.wTransferSize} that the device says are not sent`;
}
