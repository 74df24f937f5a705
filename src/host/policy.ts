import { DfuError } from '../bytes/index.ts';
import {
  compareVersions,
  formatVersion,
  imageFaults,
  inspectImage,
  isPadding,
  isSignedByGiven,
} from '../image/index.ts';
import type { CryptoLike, ImageVersion, Key } from '../image/index.ts';
import { imageVersion } from './image-version.ts';
import type { SendPlan } from './send-plan.ts';

/** What a file must be before any of it is sent, and a device before it gets it. */
export interface SendPolicy {
  /** Every piece of the file is an MCUboot image that one of these keys has signed. */
  readonly keys?: readonly Key[] | undefined;
  /** The file has a DFU suffix that names vendor and product: no wildcards, so that only such a device gets it. */
  readonly requireSuffix?: boolean | undefined;
  /** The file is an MCUboot image of this version or newer; the build number does not count. */
  readonly minVersion?: ImageVersion | undefined;
  /**
   * The file is not older than what the device has: by the release in the suffix against the one that the device has in
   * run-time mode, else by the MCUboot image in the file against the one read back. Where neither can be known it is
   * refused, unless `unknown-version` is allowed.
   */
  readonly noDowngrade?: boolean | undefined;
}

function refused(message: string): DfuError {
  return new DfuError('REFUSED', message);
}

function piecesOf({ targets }: SendPlan): Uint8Array[] {
  return targets.flatMap(({ elements }) => elements.map(({ data }) => data));
}

async function demandSigned(
  bytes: Uint8Array,
  keys: readonly Key[],
  crypto: CryptoLike | undefined,
): Promise<void> {
  if (imageVersion(bytes) === undefined) {
    throw refused('a signature is asked for, and the file is no MCUboot image');
  }
  const inspection = await inspectImage(bytes, { keys, crypto });
  const [fault] = imageFaults(inspection);
  if (fault !== undefined) throw refused(`the image is damaged: ${fault}`);
  if (!isPadding(bytes.subarray(inspection.image.bytes.length))) {
    throw refused('behind the image stands more than padding, which no signature covers');
  }
  if (isSignedByGiven(inspection)) return;
  const many = keys.length === 1 ? 'the key' : `one of the ${keys.length} keys`;
  throw refused(`the image is not signed by ${many} that it must be signed by`);
}

function demandVersion(pieces: readonly Uint8Array[], least: ImageVersion): void {
  for (const bytes of pieces) {
    const version = imageVersion(bytes);
    if (version === undefined) {
      throw refused('a version is asked for, and the file is no MCUboot image: it has none');
    }
    if (compareVersions(version, least) >= 0) continue;
    throw refused(
      `the image is ${formatVersion(version)}, it must be ${formatVersion(least)} or newer`,
    );
  }
}

/**
 * Holds a plan to a policy, and gives back the plan that holds devices to the rest of it: nothing is sent to one that it
 * forbids. Throws `REFUSED` for a file that is not as it must be, `INVALID_ARGUMENT` without any key to check against,
 * and what is thrown for a damaged image.
 */
export async function withPolicy(
  plan: SendPlan,
  policy: SendPolicy,
  crypto?: CryptoLike,
): Promise<SendPlan> {
  const { keys, requireSuffix = false, minVersion, noDowngrade = false } = policy;
  const pieces = piecesOf(plan);
  if (keys !== undefined) {
    if (keys.length === 0) throw new DfuError('INVALID_ARGUMENT', 'keys: expected one at least');
    if (pieces.length === 0) throw refused('a signature is asked for, and there is no file');
    for (const bytes of pieces) await demandSigned(bytes, keys, crypto);
  }
  if (requireSuffix) {
    const { suffix } = plan;
    if (suffix === undefined)
      throw refused('the file has no DFU suffix: which device it is for is not said');
    if (suffix.idVendor === 0xffff || suffix.idProduct === 0xffff) {
      throw refused("the file's suffix is for any device: vendor and product must be named");
    }
  }
  if (minVersion !== undefined) demandVersion(pieces, minVersion);
  return { ...plan, noDowngrade };
}
