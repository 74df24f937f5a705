import { DfuError } from '../bytes/index.ts';
import { DfuVersion, suffixMatches } from '../dfu/index.ts';
import type { Suffix } from '../dfu/index.ts';
import { isSegmentFormat } from '../image/index.ts';
import { formatUsbId, idDigits } from '../usb/index.ts';
import { isAllowed } from './allowances.ts';
import type { Decided, Sending, SendingDevice } from './decided.ts';
import { demandDfuMode, demandDownloads, dialectOf, speaksDfuSe, transferSize } from './dialect.ts';
import type { Dialect } from './dialect.ts';
import type { DfuInterface } from './dfu-interface.ts';
import { nothingToSend } from './download-steps.ts';
import { needed } from './needs.ts';
import type { SendNeeds } from './needs.ts';
import { demandRelease } from './release.ts';
import type { SendPlan } from './send-plan.ts';
import { plainTally } from './tally.ts';

/**
 * Decides how a plan goes to a device, or that it does not, by what it needs (`needsOf`). Pure: nothing is asked, nothing
 * sent.
 */
export function decidedSending(
  plan: SendPlan,
  entry: DfuInterface,
  { alternates = [entry], was, needs }: SendingDevice & { readonly needs: SendNeeds },
): Decided | Extract<Sending, { readonly dialect: undefined }> {
  try {
    demandDfuMode(entry);
    const notes = suffixNotes(plan, was === undefined ? [entry] : [was, entry]);
    const dialect = dialectFor(plan, entry, needs);
    const held = needs.expected?.demandExpected(plan, { entry, alternates, dialect });
    const sending =
      dialect === 'dfu'
        ? plainSending(plan, entry, needs)
        : needed(needs.dfuse).dfuseSending(plan, entry, alternates);
    const { confirmed, notes: checked = [] } = held ?? { confirmed: [] };
    return { ...sending, confirmed, notes: [...notes, ...checked, ...sending.notes] };
  } catch (refused) {
    if (DfuError.is(refused)) return { dialect: undefined, refused };
    throw refused;
  }
}

/** bcdDevice is left out: in a suffix it is the firmware's version (DFU 1.1 Appendix B). */
export function suffixFits(suffix: Suffix, { idVendor, idProduct }: DfuInterface): boolean {
  return suffixMatches(suffix, { idVendor, idProduct });
}

/** A suffix for another device, in words, if that is allowed. Throws as `demandSuffix` does. */
function suffixNotes(plan: SendPlan, modes: readonly DfuInterface[]): string[] {
  try {
    demandSuffix(plan.suffix, modes);
    return [];
  } catch (error) {
    if (!DfuError.is(error, 'REFUSED') || !allowsAnyDevice(plan)) throw error;
    return [`${error.message}; sent all the same`];
  }
}

/** Whether a file for another device may be sent. */
export function allowsAnyDevice({ anyDevice, modifiers: { allow } }: SendPlan): boolean {
  return anyDevice || isAllowed({ allow }, 'other-device');
}

/** Throws `REFUSED` for a suffix that fits the device in neither of its modes. */
export function demandSuffix(suffix: Suffix | undefined, modes: readonly DfuInterface[]): void {
  if (suffix === undefined || modes.some((entry) => suffixFits(suffix, entry))) return;
  const part = (id: number): string => (id === 0xffff ? '*' : idDigits(id));
  const file = `${part(suffix.idVendor)}:${part(suffix.idProduct)}`;
  const devices = [...new Set(modes.map(formatUsbId))].join(' or ');
  const message = `the file's suffix says that it is for ${file}, the device is ${devices}`;
  throw new DfuError('REFUSED', message, { remedies: ['other-device'] });
}

/**
 * What is spoken. Throws `UNSUPPORTED` for a DfuSe file, and for commands, where the device speaks plain
 * DFU: to it they are the first bytes of a firmware.
 */
function dialectFor(
  { dialect, format, targets, suffix }: SendPlan,
  entry: DfuInterface,
  needs: SendNeeds,
): Dialect {
  const isFile = format !== undefined || targets.length > 0;
  const isDfuSe = format === 'dfuse' || suffix?.bcdDFU === DfuVersion.dfuSe;
  if (isFile && format !== 'dfuse' && (!isDfuSe || dialect === 'dfu')) {
    return dialectOf(entry, dialect);
  }
  const what = isFile ? 'the file is a DfuSe file' : 'commands without a file are DfuSe';
  if (dialect === 'dfu') {
    throw new DfuError('INVALID_ARGUMENT', `${what}, and plain DFU is asked for`);
  }
  if (dialect === undefined && !needed(needs.dfuse).takesDfuSe(entry)) throw plainDevice(what);
  return 'dfuse';
}

function plainDevice(what: string): DfuError {
  const message = `${what}, the device speaks plain DFU`;
  return new DfuError('UNSUPPORTED', message, { remedies: ['dialect'] });
}

/** Throws what is known to be wrong with this device before anything is asked of it. */
export function demandFit(plan: SendPlan, entry: DfuInterface, needs: SendNeeds): void {
  demandRelease(plan, entry);
  needs.expected?.demandExpectedDevice(plan, entry);
  if (entry.mode === 'dfu') dialectFor(plan, entry, needs);
  else demandDfuSeToCome(plan, entry);
}

/**
 * Throws `UNSUPPORTED` where a device in run-time mode says already that it speaks plain DFU (its
 * functional descriptor is the same in both modes, DFU 1.1 §4.1.3), before it is asked out of it.
 */
function demandDfuSeToCome(plan: SendPlan, entry: DfuInterface): void {
  if (plan.format !== 'dfuse' || plan.dialect !== undefined) return;
  if (entry.functionalFound && !speaksDfuSe(entry)) throw plainDevice('the file is a DfuSe file');
}

function plainSending(
  { targets, modifiers, ...plan }: SendPlan,
  entry: DfuInterface,
  { readers }: SendNeeds,
): Decided {
  if (modifiers.massErase === true || modifiers.unprotect === true) {
    const what = modifiers.unprotect === true ? 'read unprotect' : 'mass erase';
    throw new DfuError('UNSUPPORTED', `the device speaks plain DFU, which has no ${what}`);
  }
  const notes = plan.anyDevice ? noDownloadsNotes(entry) : [];
  if (!plan.anyDevice) demandDownloads(entry);
  if (isSegmentFormat(plan.format)) {
    needed(readers).demandOnePiece({ targets, format: plan.format });
  }
  const payload = targets[0]?.elements[0]?.data ?? new Uint8Array(0);
  if (payload.length === 0) throw nothingToSend();
  const transferSizeBytes = transferSize(entry, plan.transferSizeBytes);
  const blocks = Math.ceil(payload.length / transferSizeBytes);
  const planned = plainTally(payload.length, blocks, true);
  return { dialect: 'dfu', payload, transferSizeBytes, planned, notes };
}

function noDownloadsNotes({ functional }: DfuInterface): string[] {
  if (functional.bmAttributes.canDnload) return [];
  return ['the device takes no downloads (bitCanDnload is 0); sent all the same'];
}

/** The targets of a plan that the device has no alternate for. */
export function leftOut(plan: SendPlan, alternates: readonly DfuInterface[]): number[] {
  return plan.targets.flatMap(({ alternate }) =>
    alternate === undefined || alternates.some((each) => each.alternate === alternate)
      ? []
      : [alternate],
  );
}
