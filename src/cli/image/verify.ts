import { DfuError } from '../../bytes/index.ts';
import { imageFaults, inspectImage, isSignedByGiven } from '../../image/index.ts';
import type { Endian, ImageInspection } from '../../image/index.ts';
import { imageRows, table } from './describe.ts';
import { loadDecryptionKeys, loadKeys } from '../shared/key-files.ts';
import { expectMcuboot } from './expect-mcuboot.ts';
import { readOneImage } from '../shared/image-part.ts';
import type { PartOptions } from '../shared/image-part.ts';
import { warn, writeJson } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';

/** Options of `dfukit image verify`. */
export interface VerifyOptions extends PartOptions {
  readonly key?: readonly string[] | undefined;
  readonly decrypt?: readonly string[] | undefined;
  readonly endian?: Endian | undefined;
  readonly json?: true | undefined;
}

/** What keeps an image from being taken apart is one byte; only another copy tells the others. */
async function takenApart(
  path: string,
  inspect: () => Promise<ImageInspection>,
): Promise<ImageInspection> {
  try {
    return await inspect();
  } catch (error) {
    if (!DfuError.is(error, 'MALFORMED') && !DfuError.is(error, 'TRUNCATED')) throw error;
    const advice = 'dfukit image diff with the file that was written tells what differs';
    throw new DfuError(error.code, `${path}: ${error.message}; ${advice}`, { cause: error });
  }
}

/**
 * `dfukit image verify`: hash, and signature if keys are given; encrypted and big-endian images too.
 * Throws `MALFORMED` with the first fault, `ACCESS` for an encrypted one without a key.
 */
export async function imageVerify(
  terminal: Terminal,
  path: string,
  options: VerifyOptions = {},
): Promise<number> {
  const bytes = expectMcuboot(path, readOneImage(terminal, path, options));
  const keys = await loadKeys(terminal, options.key ?? []);
  const decryptionKeys = await loadDecryptionKeys(terminal, options.decrypt ?? []);
  const given = keys.map(({ key }) => key);
  const inspection = await takenApart(path, () =>
    inspectImage(bytes, { keys: given, decryptionKeys, endian: options.endian }),
  );
  if (options.json !== true) {
    terminal.out.write(`${path}: MCUboot image\n${table(imageRows(inspection, bytes, keys))}`);
  }
  if (inspection.payload === 'sealed' && decryptionKeys.length === 0) {
    const words =
      'the payload is encrypted: give the private key that opens it with -d to check it';
    throw new DfuError('ACCESS', `${path}: ${words}`);
  }
  const [fault] = imageFaults(inspection);
  if (fault !== undefined) throw new DfuError('MALFORMED', `${path}: ${fault}`);
  const signatures = inspection.signatures.length;
  const told = { type: 'verified', file: path, bytes: bytes.length, signatures };
  if (keys.length === 0) {
    if (options.json === true) writeJson(terminal.out, { ...told, signedByGiven: false });
    if (inspection.signatures.length > 0) {
      warn(
        terminal,
        `${path}: the hash is right; give the signer's public key with -k to check who made it`,
      );
    }
    return 0;
  }
  if (!isSignedByGiven(inspection)) {
    const words = 'none of its signatures was made by a key that was given';
    throw new DfuError('MALFORMED', `${path}: ${words}`);
  }
  if (options.json === true) writeJson(terminal.out, { ...told, signedByGiven: true });
  return 0;
}
