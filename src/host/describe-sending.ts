import { hexNumber } from '../bytes/index.ts';
import { ALL_NEEDS } from './all-needs.ts';
import type { Sending } from './decided.ts';
import type { DfuInterface } from './dfu-interface.ts';
import type { DecidedSending, SendDescription } from './send-description.ts';
import { outlinedSending } from './send-outline.ts';
import type { SendPlan } from './send-plan.ts';

function plainEnding({ functional }: DfuInterface): string {
  const { manifestationTolerant } = functional.bmAttributes;
  const then = manifestationTolerant
    ? 'answers again when that is done (bitManifestationTolerant)'
    : 'restarts when that is done';
  return `a block of length 0; the device takes the image over, and ${then}`;
}

function dfuseEnding(
  { parts }: DecidedSending & { readonly dialect: 'dfuse' },
  { modifiers, targets }: SendPlan,
): string {
  const last = parts.at(-1);
  const leaves = last === undefined ? false : [...last.operations].at(-1)?.op === 'leave';
  if (!leaves) return 'the device stays in DFU mode';
  const address = modifiers.address ?? targets[0]?.elements[0]?.address;
  const where =
    address === undefined ? 'its application' : `what stands at ${hexNumber(address, 8)}`;
  return `the device leaves DFU mode and starts ${where}`;
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

/** What is said of a decision besides what can be counted. */
export function sendingWords(
  plan: SendPlan,
  entry: DfuInterface,
  sending: DecidedSending,
): Pick<SendDescription, 'ending' | 'unknown'> {
  if (sending.dialect === 'dfuse') {
    return { ending: dfuseEnding(sending, plan), unknown: readBackUnknown(plan) };
  }
  const unknown = ['where in its memory the device puts the bytes, and what it erases for them'];
  return { ending: plainEnding(entry), unknown: [...unknown, ...readBackUnknown(plan)] };
}

/** What is known of a decision, in plain data. Pure: nothing is asked, nothing sent. */
export function describeSending(
  plan: SendPlan,
  entry: DfuInterface,
  sending: Sending,
): SendDescription {
  const outline = outlinedSending(plan, entry, { sending, needs: ALL_NEEDS });
  if (sending.dialect === undefined) throw sending.refused;
  return { ...outline, ...sendingWords(plan, entry, sending) };
}
