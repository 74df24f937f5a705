import { ImageJudge } from 'dfukit/boot/mcuboot';
import { readKey } from 'dfukit/image';
import type { Key } from 'dfukit/image';
import type { LabDevice } from 'dfukit/lab';
import { Problem } from './problem.ts';

/**
 * What of a device goes by the keys that its bootloader trusts: without any, images are judged by their hashes alone. The
 * keys are public ones, in PEM. Throws `DfuError` for what is no key, and `Problem` for keys that do not go together.
 */
export async function trusting(
  texts: readonly string[],
): Promise<Pick<LabDevice, 'judge' | 'signaturesUnchecked'> & { readonly keys: readonly Key[] }> {
  const keys: Key[] = [];
  for (const text of texts) keys.push(await readKey(text));
  const kinds = [...new Set(keys.map((key) => key.kind))];
  const [kind = 'none'] = kinds;
  if (kind === 'x25519' || kinds.length > 1) {
    throw new Problem(`expected keys of one kind that signs, got ${kinds.join(' and ')}`);
  }
  const judge = new ImageJudge({ signature: kind, keys });
  return { judge, keys, signaturesUnchecked: keys.length === 0 };
}
