import { DfuError } from '../../bytes/index.ts';
import { imageFaults, inspectImage, isSignedByGiven, unwrapFile } from '../../image/index.ts';
import type { Endian } from '../../image/index.ts';
import { imageRows, table } from './describe.ts';
import { loadDecryptionKeys, loadKeys } from '../shared/key-files.ts';
import { expectMcuboot } from './expect-mcuboot.ts';
import { warn } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';

/** Options of `dfukit image verify`. */
export interface VerifyOptions {
  readonly key?: readonly string[] | undefined;
  readonly decrypt?: readonly string[] | undefined;
  readonly endian?: Endian | undefined;
}

/**
 * `dfukit image verify`: hash, and signature if keys are given; encrypted and big-endian images too.
 * Throws `MALFORMED` with the first fault.
 */
export async function imageVerify(
  terminal: Terminal,
  path: string,
  options: VerifyOptions = {},
): Promise<number> {
  const bytes = expectMcuboot(path, unwrapFile(terminal.files.read(path)));
  const keys = await loadKeys(terminal, options.key ?? []);
  const decryptionKeys = await loadDecryptionKeys(terminal, options.decrypt ?? []);
  const inspection = await inspectImage(bytes, {
    keys: keys.map(({ key }) => key),
    decryptionKeys,
    endian: options.endian,
  });
  terminal.out.write(`${path}: MCUboot image\n${table(imageRows(inspection, bytes, keys))}`);
  const [fault] = imageFaults(inspection);
  if (fault !== undefined) throw new DfuError('MALFORMED', `${path}: ${fault}`);
  if (keys.length === 0) {
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
  return 0;
}
