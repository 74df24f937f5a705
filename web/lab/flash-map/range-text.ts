import type { ExplainedRange } from '../../boards/explanation.ts';
import { hexNumber } from '../hex.ts';
import { KIND_WORDS } from './range-kinds.ts';

/** An address as the processor sees it. */
export const addressText = (address: number): string => hexNumber(address, 8);

/** A size as one says it: whole KiB and MiB where it is some, else bytes. */
export function sizeText(bytes: number): string {
  const KiB = 1024;
  const MiB = KiB * KiB;
  if (bytes >= MiB && bytes % (MiB / 4) === 0) return `${bytes / MiB} MiB`;
  if (bytes >= KiB && bytes % (KiB / 4) === 0) return `${bytes / KiB} KiB`;
  return `${bytes.toLocaleString('en')} ${bytes === 1 ? 'byte' : 'bytes'}`;
}

/** First and last address of a range, as the processor sees them. */
export function extentText(range: ExplainedRange, baseAddress: number): string {
  const first = baseAddress + range.offsetBytes;
  return `${addressText(first)} to ${addressText(first + range.sizeBytes - 1)}`;
}

/** A range in one line, for whoever hears it. */
export function rangeLabel(range: ExplainedRange, baseAddress: number): string {
  const { kind, title, area, sizeBytes } = range;
  const where = area === undefined ? '' : `, ${area}`;
  const name = KIND_WORDS[kind].name;
  const what = title.toLowerCase() === name.toLowerCase() ? title : `${name}: ${title}`;
  return `${what}${where}, ${sizeText(sizeBytes)} at ${extentText(range, baseAddress)}`;
}
