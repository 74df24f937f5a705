/**
 * The host's end: finds DFU devices on a bus, brings them from run-time to DFU mode and finds them
 * again, says what a file is and how it is sent, sends it, uploads, and says truthfully how it ended.
 *
 * ```ts
 * const selection = parseDeviceIds('1209:7d00,1209:7d02'); // its ids in run-time and in DFU mode
 * const { ending } = await flashFile(bus, file, { clock, selection });
 * ```
 *
 * The same in steps, for whoever wants to look in between:
 *
 * ```ts
 * const plan = sendPlan(file); // what the file is; nothing is sent
 * const session = await connect(bus, { clock, selection, suffix: plan.suffix });
 * try {
 *   const { planned, acknowledged, ending } = await send(session, plan);
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
export type { ApplicationTerms } from './application.ts';
export type { Allowance } from './allowances.ts';
export type { Application, DownloadEnding, UploadEnding } from './endings.ts';
export { speaksDfuSe } from './dialect.ts';
export { memoryLayoutOf } from './memory-layout.ts';
export type { Dialect } from './dialect.ts';
export { downloadDfuSe, uploadDfuSe } from './dfuse.ts';
export type { DfuSeOptions, DfuSeTransferOptions, DfuSeUploadOptions } from './dfuse.ts';
export type { DfuSeModifiers, DfuSeOperation } from './dfuse-plan.ts';
export { describeSending } from './describe-sending.ts';
export { dryRun } from './dry-run.ts';
export type { DescribedStep, SendDescription } from './send-description.ts';
export { download } from './download.ts';
export type { DownloadOptions } from './download.ts';
export type { Ended, Ending } from './ending-steps.ts';
export type { DetachEnding } from './detach-steps.ts';
export { enterDfuMode } from './enter-dfu-mode.ts';
export type { EnterOptions } from './enter-dfu-mode.ts';
export type { InDfuMode } from './by-order.ts';
export type { HostEvent, HostListener } from './events.ts';
export { leave } from './leave.ts';
export type { LeaveOptions } from './leave.ts';
export type { Payload } from './block-source.ts';
export { outcomeOf } from './outcome.ts';
export { parseQuirk, parseQuirkFile, quirkRowsFor, quirksFor, QUIRKS } from './quirks/index.ts';
export type {
  AppliedQuirk,
  Quirk,
  QuirkCondition,
  QuirkRow,
  QuirkSubject,
} from './quirks/index.ts';
export type { ReadBack } from './read-back.ts';
export { receive } from './receive.ts';
export type { ReceiveOptions } from './receive.ts';
export { scan } from './scan.ts';
export type { Scan, ScanOptions, ScanProblem } from './scan.ts';
export { selectOne } from './select-one.ts';
export { matches, parseDeviceIds, select } from './selection.ts';
export type { IdPair, IdPattern, Selection } from './selection.ts';
export { flashFile, send, sendTo } from './send.ts';
export type { FlashOptions, SendEnding, SendTerms, SendToOptions } from './send.ts';
export { withPolicy } from './policy.ts';
export type { SendPolicy } from './policy.ts';
export { sendPlan } from './plan-now.ts';
export type { SendElement } from './send-element.ts';
export type { SendOptions, SendPlan, SendTarget } from './send-plan.ts';
export { sendingOf } from './sending-of.ts';
export type { Sending, SendingDevice, SendingPart } from './decided.ts';
export { DfuSession } from './session.ts';
export type { AnswerOptions, OutOptions, SessionOptions } from './session.ts';
export type { ResetOutcome } from './steps.ts';
export type { SendOutcome, SendProgress, SendTally } from '../bytes/index.ts';
export type { TimeLimits } from './time-limits.ts';
export type { Stopwatch, TimeSpent } from './time-spent.ts';
export { upload } from './upload.ts';
export type { UploadOptions, UploadSink } from './upload.ts';
