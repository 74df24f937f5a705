/**
 * Flashes a DFU device, in Node and in a browser:
 *
 * ```ts
 * import { findDevices, flash } from 'dfukit';
 *
 * const [device] = await findDevices();
 * const { outcome } = await flash(device, firmware, { onEvent: console.log });
 * ```
 *
 * And what every part of the package shares: its one error class, and what a binary layout is. The parts themselves are
 * the subpath exports (`dfukit/host`, `dfukit/device`, …).
 *
 * @module
 */
export { findDevices, flash } from './flasher/index.ts';
export type {
  DfuDevice,
  FileBytes,
  FindDevicesOptions,
  FlashDeviceOptions,
  FlashTarget,
} from './flasher/index.ts';
export { DfuError } from './bytes/index.ts';
export type {
  DfuErrorCode,
  DfuErrorOptions,
  DfuRemedy,
  SendOutcome,
  SendProgress,
  SendTally,
  Struct,
} from './bytes/index.ts';
