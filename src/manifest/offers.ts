import { DfuError } from '../bytes/index.ts';
import { bcdOf, formatUsbId } from '../usb/index.ts';
import { bcdRange } from './bcd-range.ts';
import { STABLE, channelOf, isFor } from './firmware-manifest.ts';
import type {
  FirmwareManifest,
  ManifestBoard,
  ManifestFile,
  ManifestRelease,
} from './firmware-manifest.ts';
import { fitsSerialPattern, parseSerialPattern } from './serial-pattern.ts';
import { compareVersionTexts } from './version.ts';

/** What a device says of itself at USB. */
export interface ManifestDevice {
  /** Which mode it is in; undefined: not known. In run-time mode no board is known by its loader. */
  readonly mode?: 'runtime' | 'dfu' | undefined;
  readonly idVendor: number;
  readonly idProduct: number;
  readonly bcdDevice: number;
  /** Undefined where it has none, or does not give it: it is no board that asks for one. */
  readonly serial: string | undefined;
}

function isBoard(board: ManifestBoard, device: ManifestDevice): boolean {
  const id = formatUsbId(device);
  if (device.mode !== 'runtime' && board.dfuUsb?.includes(id) === true) return true;
  if (!board.usb.includes(id)) return false;
  const [least, most] = bcdRange(board);
  if (device.bcdDevice < least || device.bcdDevice > most) return false;
  if (board.serial === undefined) return true;
  const pattern = parseSerialPattern(board.serial) ?? [];
  return device.serial !== undefined && fitsSerialPattern(pattern, device.serial);
}

/** The boards of the manifest that a device may be: several only in DFU mode, where they have one loader. */
export function boardsFor({ boards }: FirmwareManifest, device: ManifestDevice): ManifestBoard[] {
  return boards.filter((board) => isBoard(board, device));
}

/**
 * Which board of the manifest a device is; undefined: none. Throws `AMBIGUOUS` where it may be several (`boardsFor`): then a
 * person has to say which, or its application has to run.
 */
export function boardOf(
  manifest: FirmwareManifest,
  device: ManifestDevice,
): ManifestBoard | undefined {
  const [found, ...others] = boardsFor(manifest, device);
  if (found === undefined || others.length === 0) return found;
  const names = [found, ...others].map(({ name }) => `"${name}"`).join(' or ');
  const why = `by ${formatUsbId(device)} nobody can tell which`;
  throw new DfuError('AMBIGUOUS', `the device may be ${names} of the manifest: ${why}`);
}

/**
 * The version that runs on a device, by its bcdDevice in run-time mode (in DFU mode that is the loader's): that of the
 * releases that show it. Undefined where none does, or several of different versions.
 */
export function runningVersion(
  { releases }: FirmwareManifest,
  bcdDevice: number,
): string | undefined {
  const shown = releases.filter((each) => each.bcdDevice !== undefined);
  const versions = shown
    .filter((each) => bcdOf(each.bcdDevice ?? '') === bcdDevice)
    .map(({ version }) => version);
  const [first] = versions;
  if (first === undefined) return undefined;
  return versions.every((each) => compareVersionTexts(each, first) === 0) ? first : undefined;
}

/** A file of the manifest for a device. */
export interface ManifestOffer {
  readonly release: ManifestRelease;
  readonly file: ManifestFile;
  /** Why the device cannot have it, in a sentence; undefined: it can. */
  readonly barred: string | undefined;
  /** What is not known of whether it should have it, in a sentence. */
  readonly doubt: string | undefined;
  /** What it is against the version that runs; undefined where that is not known. */
  readonly change: 'update' | 'same' | 'downgrade' | undefined;
}

/** Which offers, and for what. */
export interface OffersOptions {
  readonly board: ManifestBoard;
  /** Default `stable`. */
  readonly channel?: string | undefined;
  /** The version that the device runs; undefined: not known. */
  readonly version?: string | undefined;
}

function changeOf(
  { version }: ManifestRelease,
  running: string | undefined,
): ManifestOffer['change'] {
  if (running === undefined) return undefined;
  const which = compareVersionTexts(version, running);
  return which === 0 ? 'same' : which > 0 ? 'update' : 'downgrade';
}

function offerOf(
  release: ManifestRelease,
  file: ManifestFile,
  running: string | undefined,
): ManifestOffer {
  const change = changeOf(release, running);
  const offer = { release, file, barred: undefined, doubt: undefined, change };
  const { version, minimumVersion: least } = release;
  if (least === undefined) return offer;
  const needs = `${version} is for devices that run ${least} or newer`;
  if (running === undefined) {
    return { ...offer, doubt: `${needs}; which version this one runs is not known.` };
  }
  if (compareVersionTexts(running, least) >= 0) return offer;
  return {
    ...offer,
    barred: `${needs}, and this one runs ${running}: bring it to ${least} first.`,
  };
}

/** The files that a manifest has for a board in a channel, newest version first; those that are barred too, with the reason. */
export function offersFor(
  { releases }: FirmwareManifest,
  { board, channel = STABLE, version }: OffersOptions,
): ManifestOffer[] {
  return releases
    .filter((each) => channelOf(each) === channel)
    .toSorted((one, other) => compareVersionTexts(other.version, one.version))
    .flatMap((release) =>
      release.files
        .filter((file) => isFor(file, board))
        .map((file) => offerOf(release, file, version)),
    );
}

/** Channels of the manifest: `stable` first, the others by name. */
export function channelsOf({ releases }: FirmwareManifest): string[] {
  const others = new Set(releases.map((each) => channelOf(each)));
  const isStable = others.delete(STABLE);
  return [...(isStable ? [STABLE] : []), ...[...others].toSorted()];
}
