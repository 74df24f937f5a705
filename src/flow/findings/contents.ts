import { isSegmentFormat, recognise, segmentFormatNames } from '../../image/index.ts';
import type { Recognised } from '../../image/index.ts';
import type { SendPlan } from '../../host/index.ts';
import type { PartWait } from '../../usb/index.ts';
import { releaseText } from '../releases.ts';
import type { FlowFinding } from '../flow-state.ts';
import { parts } from '../parts.ts';
import { finding } from './finding.ts';

/** Bytes of firmware in a plan, and the first piece of them. */
function contentsOf({ targets }: SendPlan): { bytes: number; first: Uint8Array } {
  const pieces = targets.flatMap(({ elements }) => elements.map(({ data }) => data));
  const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
  return { bytes, first: pieces[0] ?? new Uint8Array(0) };
}

/** What the file is by its looks. */
export function formatFindings(plan: SendPlan): FlowFinding[] {
  const { bytes, first } = contentsOf(plan);
  const { format } = plan;
  const found: FlowFinding[] = [];
  if (format === 'dfuse') found.push(finding('plain', 'format', ['format-dfuse', { bytes }]));
  else if (isSegmentFormat(format)) {
    const name = segmentFormatNames[format];
    found.push(finding('plain', 'format', ['format-segments', { format: name, bytes }]));
  }
  return [...found, ...imageFindings(recognise(first), { bytes, isWrapped: found.length > 0 })];
}

/** What stands at the beginning of the firmware. */
function imageFindings(
  what: Recognised,
  { bytes, isWrapped }: { readonly bytes: number; readonly isWrapped: boolean },
): FlowFinding[] {
  if (what.format === 'mcuboot') return [finding('plain', 'format', ['format-mcuboot', { bytes }])];
  if (what.format === 'riotboot') {
    const is = finding('plain', 'format', ['format-riotboot', { bytes }]);
    if (what.fault === undefined) return [is];
    const words = `its riotboot header has a wrong ${what.fault}`;
    return [is, finding('bad', 'format', ['format-damaged', { words }])];
  }
  if (what.format === 'erased') return [finding('unknown', 'format', ['format-erased', { bytes }])];
  if (what.format !== 'binary' || isWrapped) return [];
  const id = what.vectors === undefined ? 'format-binary' : 'format-cortex-m';
  return [finding('plain', 'format', [id, { bytes }])];
}

/** Which version the file is, by its own words. */
export async function versionFindings(plan: SendPlan, wait: PartWait): Promise<FlowFinding[]> {
  const { first } = contentsOf(plan);
  const version = await versionIn(first, wait);
  if (version !== undefined) {
    return [finding('plain', 'version', ['version-image', { version }])];
  }
  const release = plan.suffix?.bcdDevice ?? 0xffff;
  if (release === 0xffff) return [];
  const text = releaseText(release);
  return [finding('plain', 'version', ['version-suffix', { version: text }])];
}

/** What the header of an image says. */
async function versionIn(bytes: Uint8Array, wait: PartWait): Promise<string | undefined> {
  const what = recognise(bytes);
  if (what.format === 'riotboot') return String(what.header.version);
  if (what.format !== 'mcuboot') return undefined;
  const { imageVersionText } = await parts.images(wait);
  return imageVersionText(bytes);
}
