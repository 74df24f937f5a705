import { DfuError, hexNumber } from '../bytes/index.ts';
import type { DfuSeElement } from '../dfu/index.ts';
import { compareVersions, formatVersion, imagesIn, recognise } from '../image/index.ts';
import type { ImageVersion } from '../image/index.ts';
import type { CancelSignal } from '../usb/index.ts';
import { isAllowed } from './allowances.ts';
import { printable } from './dfu-interface.ts';
import type { DfuInterface } from './dfu-interface.ts';
import { memoryLayoutOf } from './memory-layout.ts';
import { drive, prepare } from './drive.ts';
import { imageVersion } from './image-version.ts';
import { unreadableMemory } from './read-back-memory.ts';
import { demandRelease } from './release.ts';
import { receive } from './receive.ts';
import type { SendPlan } from './send-plan.ts';
import type { Decided } from './decided.ts';
import type { DfuSession } from './session.ts';
import { UPLOAD_START, uploadStep } from './upload-steps.ts';
import type { UploadState } from './upload-steps.ts';

/** Bytes of an MCUboot header; that of riotboot has 16. */
const HEADER_BYTES = 32;

/** What says in itself how new it is: MCUboot's version, or the number in a riotboot header. */
type Version =
  | { readonly kind: 'MCUboot'; readonly version: ImageVersion }
  | { readonly kind: 'riotboot'; readonly version: number };

function versionOf(bytes: Uint8Array): Version | undefined {
  const what = recognise(bytes);
  if (what.format === 'riotboot') {
    if (what.fault !== undefined) return undefined;
    return { kind: 'riotboot', version: what.header.version };
  }
  const version = imageVersion(bytes);
  return version === undefined ? undefined : { kind: 'MCUboot', version };
}

const versionText = ({ kind, version }: Version): string =>
  kind === 'riotboot' ? String(version) : formatVersion(version);

/** An image of the file, and where in the device the one is that it replaces. */
interface Replaced {
  readonly entry: DfuInterface;
  /** Undefined in plain DFU, where it is the beginning. */
  readonly address: number | undefined;
  readonly version: Version;
}

/** The images in a piece: at its beginning, or behind something else, as in a merged file. */
function imagesOf(entry: DfuInterface, { address, data }: DfuSeElement): Replaced[] {
  const first = versionOf(data);
  const others = imagesIn([{ address, bytes: data }]).flatMap((each): Replaced[] => {
    const version = each.address === address ? undefined : versionOf(each.bytes);
    return version === undefined ? [] : [{ entry, address: each.address, version }];
  });
  return first === undefined ? others : [{ entry, address, version: first }, ...others];
}

function replacedBy(sending: Decided, own: DfuInterface): Replaced[] {
  if (sending.dialect === 'dfuse') {
    return sending.parts.flatMap(({ entry, elements }) =>
      elements.flatMap((each) => imagesOf(entry, each)),
    );
  }
  const version = versionOf(sending.payload);
  return version === undefined ? [] : [{ entry: own, address: undefined, version }];
}

/** The first bytes of what would be written over. */
async function readHead(
  session: DfuSession,
  { entry, address }: Replaced,
  { transferSizeBytes, signal }: Reading,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const write = (chunk: Uint8Array): void => void chunks.push(Uint8Array.from(chunk));
  if (address !== undefined) {
    await session.switchTo(entry);
    await receive(session, write, { address, lengthBytes: HEADER_BYTES, dialect: 'dfuse', signal });
  } else {
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

interface Reading {
  readonly transferSizeBytes: number;
  readonly signal: CancelSignal | undefined;
}

/** What keeps a device's version from being known. */
class NotKnown extends Error {}

/** Two images compared, in words. Throws `REFUSED` for an older file, `NotKnown` with the reason. */
async function compareOne(
  session: DfuSession,
  replaced: Replaced,
  reading: Reading,
): Promise<string> {
  const { entry, address, version: file } = replaced;
  const element = { address: address ?? 0, data: new Uint8Array(HEADER_BYTES) };
  const layout = address === undefined ? undefined : memoryLayoutOf(entry);
  const why = unreadableMemory(entry, layout, [element]);
  if (why !== undefined) throw new NotKnown(why);
  const head = await readHead(session, replaced, reading);
  const memory = `alternate ${entry.alternate} "${printable(entry.name)}"`;
  const where = address === undefined ? memory : `${memory} at ${hexNumber(address, 8)}`;
  if (head.every((byte) => byte === 0xff)) return `nothing is in ${where} that could be newer`;
  const there = versionOf(head);
  if (there?.kind !== file.kind) throw new NotKnown(`what is in ${where} is no ${file.kind} image`);
  const words = `the image is ${versionText(file)}, the one in ${where} is ${versionText(there)}`;
  if (isOlder(file, there)) throw new DfuError('REFUSED', `${words}: older`);
  return words;
}

function isOlder(one: Version, other: Version): boolean {
  if (one.kind === 'riotboot') return other.kind === 'riotboot' && one.version < other.version;
  return other.kind === 'MCUboot' && compareVersions(one.version, other.version) < 0;
}

/** Each image of the file against the one that it replaces, in words. */
async function compareImages(
  session: DfuSession,
  { sending }: Both,
  signal: CancelSignal | undefined,
): Promise<string> {
  const all = replacedBy(sending, session.interface);
  if (all.length === 0) throw new NotKnown('the file is no MCUboot or riotboot image');
  const transferSizeBytes = sending.dialect === 'dfu' ? sending.transferSizeBytes : 0;
  const compared: string[] = [];
  for (const each of all) {
    compared.push(await compareOne(session, each, { transferSizeBytes, signal }));
  }
  return compared.join('; ');
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
