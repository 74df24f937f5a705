import type { DfuInterface } from './dfu-interface.ts';
import type { DecidedSending, DescribedStep, SendDescription } from './send-description.ts';
import { needed } from './needs.ts';
import type { SendNeeds } from './needs.ts';
import type { SendPlan } from './send-plan.ts';
import type { Sending } from './decided.ts';

function plainSteps(
  { payload, transferSizeBytes }: DecidedSending & { readonly dialect: 'dfu' },
  { alternate }: DfuInterface,
): DescribedStep[] {
  const count = Math.ceil(payload.length / transferSizeBytes);
  const sizeBytes = payload.length;
  return [{ step: 'write', alternate, address: undefined, sizeBytes, count }];
}

function plainEnding({ functional }: DfuInterface): string {
  const { manifestationTolerant } = functional.bmAttributes;
  const then = manifestationTolerant
    ? 'answers again when that is done (bitManifestationTolerant)'
    : 'restarts when that is done';
  return `a block of length 0; the device takes the image over, and ${then}`;
}

/** What reading the device back adds, which depends on what is in it. */
function readBackUnknown({ readBack, noDowngrade = false }: SendPlan): string[] {
  const { verify, changedOnly, resume } = readBack;
  return [
    noDowngrade ? ['whether the device has something newer: its image is read first'] : [],
    changedOnly
      ? ['which of these bytes it has: it is read first, and what is equal is left out']
      : [],
    resume
      ? ['where an earlier download stopped: it is read first, and what is there is left out']
      : [],
    verify
      ? ['whether it is right: it is read back behind the writing, where the device gives uploads']
      : [],
  ].flat();
}

/** `describeSending` with what it needs (`needsOf`). */
export function describedSending(
  plan: SendPlan,
  entry: DfuInterface,
  { sending, needs }: { readonly sending: Sending; readonly needs: SendNeeds },
): SendDescription {
  if (sending.dialect === undefined) throw sending.refused;
  const { dialect, planned, confirmed = [] } = sending;
  const notes = [...confirmed, ...sending.notes];
  const common = { interface: entry, format: plan.format, dialect, planned, notes };
  if (dialect === 'dfu') {
    return {
      ...common,
      transferSizeBytes: sending.transferSizeBytes,
      steps: plainSteps(sending, entry),
      ending: plainEnding(entry),
      unknown: [
        'where in its memory the device puts the bytes, and what it erases for them',
        ...readBackUnknown(plan),
      ],
    };
  }
  const { dfuseSteps, dfuseEnding } = needed(needs.dfuse);
  return {
    ...common,
    transferSizeBytes: sending.parts[0]?.transferSizeBytes,
    steps: dfuseSteps(sending),
    ending: dfuseEnding(sending, plan),
    unknown: readBackUnknown(plan),
  };
}
