import type { Flash } from './flash.ts';
import { checkRange } from './geometry.ts';

/**
 * Puts bytes anywhere, as a programmer on the debug port does: the sectors that they touch are
 * read, erased and programmed again, what lies around them in those sectors stays. Holds one
 * sector in memory. Throws `OUT_OF_RANGE` before anything is erased.
 */
export function rewrite(flash: Flash, offsetBytes: number, bytes: Uint8Array): void {
  checkRange('flash: rewrite', flash.sizeBytes, [offsetBytes, bytes.length]);
  for (const sector of flash.sectors.in(offsetBytes, bytes.length)) {
    const whole = flash.read(sector.offsetBytes, sector.sizeBytes);
    const from = Math.max(offsetBytes, sector.offsetBytes);
    const to = Math.min(offsetBytes + bytes.length, sector.offsetBytes + sector.sizeBytes);
    whole.set(bytes.subarray(from - offsetBytes, to - offsetBytes), from - sector.offsetBytes);
    flash.erase(sector.offsetBytes, sector.sizeBytes);
    flash.program(sector.offsetBytes, whole);
  }
}
