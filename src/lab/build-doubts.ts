import { MemoryCounters, examineSlot } from '../boot/mcuboot/index.ts';
import type { SlotFinding } from '../boot/mcuboot/index.ts';
import { ENCRYPTED_FLAGS, IMAGE_MAGIC } from '../image/index.ts';
import type { LabDevice } from './device.ts';

const slotNames = ['primary', 'secondary'] as const;

/** Whether the bootloader may take it all the same: it is encrypted, and there is no key to try. */
export function isSealed(device: Pick<LabDevice, 'judge'>, finding: SlotFinding): boolean {
  return (
    finding.state === 'refused' &&
    finding.refusal.refusedBy === 'key-record' &&
    !device.judge.canDecrypt
  );
}

function isRefusedAsEncrypted({ config }: LabDevice, finding: SlotFinding): boolean {
  return (
    config.encryption === undefined &&
    finding.header.magic === IMAGE_MAGIC &&
    (finding.header.flags & ENCRYPTED_FLAGS) !== 0
  );
}

/**
 * What nobody has said of the bootloader though its next boot depends on it, one sentence each: security counters in
 * hardware, keys of encrypted images. None if all is known.
 */
export async function buildDoubts(device: LabDevice): Promise<string[]> {
  const { flash, config, judge, counters = [] } = device;
  const doubts: string[] = [];
  if (config.hwRollbackProtection === true && counters.length < config.images.length) {
    const which = config.images.length === 1 ? '' : `of image ${counters.length} `;
    doubts.push(
      `the security counter ${which}in hardware is not known, and taken as 0 (--counter)`,
    );
  }
  const fresh = { flash, config, judge, counters: new MemoryCounters(counters) };
  for (const image of config.images.keys()) {
    for (const slot of [0, 1] as const) {
      const finding = await examineSlot(fresh, { image, slot });
      const name = `${slotNames[slot]}${image}`;
      if (isSealed(device, finding)) {
        const words = 'whether the bootloader takes it is not known';
        doubts.push(`${name} is encrypted, and no key to decrypt it was given (-d): ${words}`);
      } else if (isRefusedAsEncrypted(device, finding)) {
        const words = 'the bootloader is taken for one that is built without encryption';
        doubts.push(`${name} is encrypted, and ${words} (--encrypted)`);
      }
    }
  }
  return doubts;
}
