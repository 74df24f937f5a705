/**
 * What a power cut does to the operation that it meets. `clean`: it never began. `torn`: a program
 * got through the first half of its bytes, those of a write unit or those that went into a page (half of the bits if it
 * is one byte), an erase through the first half of the sector. `torn-tail`: the same with the second half, which is
 * as likely in hardware and leaves a header standing whose image is gone.
 */
export type PowerCutKind = 'clean' | 'torn' | 'torn-tail';

/** All kinds, the simplest first. */
export const powerCutKinds: readonly PowerCutKind[] = ['clean', 'torn', 'torn-tail'];

/** The bytes of an operation that it got through: from `from` to in front of `to`, counted from its first one. */
export function doneRange(
  lengthBytes: number,
  kind: PowerCutKind,
): { readonly from: number; readonly to: number } {
  const half = Math.floor(lengthBytes / 2);
  if (kind === 'clean') return { from: 0, to: 0 };
  return kind === 'torn' ? { from: 0, to: half } : { from: half, to: lengthBytes };
}

/** What becomes of a byte that is programmed alone: half of its bits are as they were. */
export function doneByte(was: number, wanted: number, kind: PowerCutKind): number {
  if (kind === 'clean') return was;
  const kept = kind === 'torn' ? 0x0f : 0xf0;
  return (was & kept) | (wanted & ~kept & 0xff);
}
