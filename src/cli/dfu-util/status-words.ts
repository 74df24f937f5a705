import { DFU_STATES } from '../../dfu/index.ts';

/** What stands behind `status(N) = ` in dfu-util's lines, by bStatus: programs look for these words. */
const STATUS_WORDS: readonly string[] = [
  'No error condition is present',
  'File is not targeted for use by this device',
  'File is for this device but fails some vendor-specific test',
  'Device is unable to write memory',
  'Memory erase function failed',
  'Memory erase check failed',
  'Program memory function failed',
  'Programmed memory failed verification',
  'Cannot program memory due to received address that is out of range',
  'Received DFU_DNLOAD with wLength = 0, but device does not think that it has all data yet',
  "Device's firmware is corrupt. It cannot return to run-time (non-DFU) operations",
  'iString indicates a vendor specific error',
  'Device detected unexpected USB reset signalling',
  'Device detected unexpected power on reset',
  'Something went wrong, but the device does not know what it was',
  'Device stalled an unexpected request',
];

/** What a device answers to DFU_GETSTATUS, as far as dfu-util shows it. */
export interface StatusNumbers {
  readonly bState: number;
  readonly bStatus: number;
}

/** `DFU state(2) = dfuIDLE, status(0) = No error condition is present`. */
export function statusLine({ bState, bStatus }: StatusNumbers): string {
  const state = DFU_STATES[bState] ?? 'INVALID';
  const status = STATUS_WORDS[bStatus] ?? 'INVALID';
  return `DFU state(${bState}) = ${state}, status(${bStatus}) = ${status}`;
}
