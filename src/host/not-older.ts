import { DfuError } from '../bytes/index.ts';
import { compareVersions, formatVersion } from '../image/index.ts';
import type { CancelSignal } from '../usb/index.ts';
import { isAllowed } from './allowances.ts';
import { printable } from './dfu-interface.ts';
import { drive, prepare } from './drive.ts';
import { demandRelease, imageVersion } from './policy.ts';
import { unreadable } from './read-back.ts';
import { receive } from './receive.ts';
import type { SendPlan } from './send-plan.ts';
import type { Sending } from './sending.ts';
import type { DfuSession } from './session.ts';
import { UPLOAD_START, uploadStep } from './upload-steps.ts';
import type { UploadState } from './upload-steps.ts';

/** Bytes of an MCUboot header. */
const HEADER_BYTES = 32;

type Decided = Exclude<Sending, { readonly dialect: undefined }>;

/** The first bytes of what would be written over. */
async function readHead(
  session: DfuSession,
  sending: Decided,
  signal: CancelSignal | undefined,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const write = (chunk: Uint8Array): void => void chunks.push(Uint8Array.from(chunk));
  if (sending.dialect === 'dfuse') {
    const [part] = sending.parts;
    if (part === undefined) return new Uint8Array(0);
    const first = [...part.operations].find((each) => each.op === 'write');
    await session.switchTo(part.entry);
    const where = { address: first?.address ?? 0, lengthBytes: HEADER_BYTES };
    await receive(session, write, { ...where, dialect: 'dfuse', signal });
  } else {
    const { transferSizeBytes } = sending;
    const terms = { transferSizeBytes, maxBytes: Infinity, wantedBytes: HEADER_BYTES };
    await prepare(session, signal);
    await drive(
      session,
      UPLOAD_START,
      (state: UploadState, outcome) => uploadStep(state, outcome, terms),
      { signal, write },
    );
    await prepare(session, signal);
  }
  const head = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    head.set(chunk, at);
    at += chunk.length;
  }
  return head.subarray(0, HEADER_BYTES);
}

/** What keeps a device's version from being known. */
class NotKnown extends Error {}

/** The images compared, in words. Throws `REFUSED` for an older file, `NotKnown` with the reason. */
async function compareImages(
  session: DfuSession,
  { plan, sending }: Both,
  signal: CancelSignal | undefined,
): Promise<string> {
  const [element] = plan.targets[0]?.elements ?? [];
  const file = element === undefined ? undefined : imageVersion(element.data);
  if (file === undefined) throw new NotKnown('the file is no MCUboot image');
  const why = unreadable(session.interface);
  if (why !== undefined) throw new NotKnown(why);
  const head = await readHead(session, sending, signal);
  const where = `alternate ${session.interface.alternate} "${printable(session.interface.name)}"`;
  if (head.every((byte) => byte === 0xff)) return `nothing is in ${where} that could be newer`;
  const there = imageVersion(head);
  if (there === undefined) throw new NotKnown(`what is in ${where} is no MCUboot image`);
  const words = `the image is ${formatVersion(file)}, the one in ${where} is ${formatVersion(there)}`;
  if (compareVersions(file, there) < 0) throw new DfuError('REFUSED', `${words}: older`);
  return words;
}

interface Both {
  readonly plan: SendPlan;
  readonly sending: Decided;
}

/**
 * Where a plan wants no downgrade: what was compared, in words; undefined where it does not. The device is read where it has to be,
 * and is in dfuIDLE again. Throws `REFUSED` for an older file, and where it cannot be known unless that is allowed.
 */
export async function demandNotOlder(
  session: DfuSession,
  both: Both,
  signal: CancelSignal | undefined,
): Promise<string | undefined> {
  const { plan } = both;
  if (plan.noDowngrade !== true) return undefined;
  const release = demandRelease(plan, session.was);
  if (release !== undefined) return release;
  try {
    return await compareImages(session, both, signal);
  } catch (error) {
    if (!(error instanceof NotKnown)) throw error;
    const message = `whether the file is older than what the device has is not known: ${error.message}`;
    if (isAllowed({ force: plan.anyDevice, allow: plan.modifiers.allow }, 'unknown-version')) {
      return `${message}; sent all the same`;
    }
    throw new DfuError('REFUSED', message, { remedies: ['unknown-version'] });
  }
}
