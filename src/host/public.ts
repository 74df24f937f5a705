/**
 * The host's end: finds DFU devices on a bus, brings them from run-time to DFU mode and finds them
 * again, downloads, uploads, and says truthfully how it ended.
 *
 * ```ts
 * const session = await connect(bus, { clock, selection: parseDeviceIds('1209:7d02') });
 * try {
 *   const { ending } = await download(session, image);
 * } finally {
 *   await session.close();
 * }
 * ```
 *
 * @module
 */
export { connect, find } from './connect.ts';
export type { ConnectOptions, FindOptions, Found } from './connect.ts';
export { UNKNOWN, listLine, printable } from './dfu-interface.ts';
export type { DfuInterface } from './dfu-interface.ts';
export {
  commandDfuSe,
  downloadDfuSe,
  downloadDfuSeFile,
  memoryLayoutOf,
  speaksDfuSe,
  uploadDfuSe,
} from './dfuse.ts';
export type { DfuSeOptions } from './dfuse.ts';
export { parseDfuSeAddress } from './dfuse-address.ts';
export type { DfuSeModifiers } from './dfuse-address.ts';
export type { DfuSeEnding } from './dfuse-steps.ts';
export { download } from './download.ts';
export type { DownloadOptions } from './download.ts';
export type { DownloadEnding } from './download-steps.ts';
export type { Ended, Ending } from './ending-steps.ts';
export type { DetachEnding } from './detach-steps.ts';
export { RETURN_MS, enterDfuMode } from './enter-dfu-mode.ts';
export type { EnterOptions, InDfuMode } from './enter-dfu-mode.ts';
export type { HostEvent, HostListener } from './events.ts';
export { leave } from './leave.ts';
export type { LeaveOptions } from './leave.ts';
export type { Payload } from './block-source.ts';
export { BUSY_LIMIT_MS } from './patience.ts';
export { scan, scanDevice } from './scan.ts';
export type { Scan, ScanOptions, ScanProblem } from './scan.ts';
export {
  afterDetach,
  matches,
  parseAlternate,
  parseDeviceIds,
  parseSerials,
  select,
  selectOne,
} from './selection.ts';
export type { IdPair, IdPattern, Selection } from './selection.ts';
export { DfuSession } from './session.ts';
export type { SessionOptions } from './session.ts';
export type { ResetOutcome } from './steps.ts';
export { UPLOAD_LIMIT_BYTES, upload } from './upload.ts';
export type { UploadOptions, UploadSink } from './upload.ts';
export type { UploadEnding } from './upload-steps.ts';
