import { ImageJudge } from '../boot/mcuboot/index.ts';
import { DfuError } from '../bytes/index.ts';
import type { MemoryFlash } from '../flash/index.ts';
import { explainSlots } from '../lab/index.ts';
import type { BenchOrder } from './order.ts';

/** Why MCUboot takes none of the images that are there, a line a slot. Empty where it takes one, or is none. */
export async function slotReasons(
  { config, keys = [] }: Pick<BenchOrder, 'config' | 'keys'>,
  flash: MemoryFlash,
): Promise<readonly string[]> {
  if (config === undefined) return [];
  const [{ kind } = { kind: 'none' as const }] = keys;
  if (kind === 'x25519') return [];
  const judge = new ImageJudge({ signature: kind, keys });
  try {
    const slots = await explainSlots({ flash, config, judge, keys });
    return slots
      .filter(({ fate }) => fate === 'refused' || fate === 'non-bootable')
      .map(({ image, slot, fate, reason }) => `slot ${image * 2 + slot}: ${fate}: ${reason}`);
  } catch (error) {
    // It is only for the message: what the laboratory cannot explain is no failure of its own.
    if (DfuError.is(error)) return [];
    throw error;
  }
}
