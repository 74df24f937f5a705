import type { QuirkSubject } from './quirk.ts';

/** First and last of some numbers. */
type Span = readonly [first: number, last: number];

/** Which devices a row is about. */
export interface DevicePattern {
  readonly vendor: Span;
  readonly product: Span;
  readonly release: Span;
}

const ANY: Span = [0, 0xffff];
const PART = /^(?:\*|([0-9a-f]{1,4})(?:-([0-9a-f]{1,4}))?)$/i;

/** `*`, `7d00` or `7d00-7d0f`; undefined for anything else. */
function span(text: string): Span | undefined {
  const [whole, first, last = first] = PART.exec(text) ?? [];
  if (whole === undefined) return undefined;
  if (first === undefined || last === undefined) return ANY;
  const ends = [Number.parseInt(first, 16), Number.parseInt(last, 16)] as const;
  return ends[0] <= ends[1] ? ends : undefined;
}

/** `VENDOR:PRODUCT[:RELEASE]`; undefined for what is none. */
export function devicePattern(text: string): DevicePattern | undefined {
  const parts = text.split(':');
  if (parts.length < 2 || parts.length > 3) return undefined;
  const [vendor, product, release] = [parts[0] ?? '', parts[1] ?? '', parts[2] ?? '*'].map(span);
  if (vendor === undefined || product === undefined || release === undefined) return undefined;
  return { vendor, product, release };
}

/** All of them; undefined if one is none. */
export function devicePatterns(text: string): readonly DevicePattern[] | undefined {
  const all = text.trim().split(/\s+/).map(devicePattern);
  return all.every((each) => each !== undefined) ? all : undefined;
}

function within([first, last]: Span, value: number): boolean {
  return value >= first && value <= last;
}

export function isOf(pattern: DevicePattern, device: QuirkSubject): boolean {
  return (
    within(pattern.vendor, device.idVendor) &&
    within(pattern.product, device.idProduct) &&
    within(pattern.release, device.bcdDevice)
  );
}
