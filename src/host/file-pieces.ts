import { DfuError } from '../bytes/index.ts';
import { firstMemory, isSegmentFormat, rangeText, segmentFormatNames } from '../image/index.ts';
import type { FileFormat, SegmentFormat } from '../image/index.ts';
import type { SendElement } from './send-element.ts';

/** What a plan says of its file. */
export interface Contents {
  readonly format: FileFormat | undefined;
  readonly targets: readonly { readonly elements: readonly SendElement[] }[];
}

/** What of a file is sent, if that is not the file itself. */
export function contentsText({ format, targets }: Contents): string | undefined {
  if (!isSegmentFormat(format) || targets[0]?.elements[0]?.address === undefined) return undefined;
  const pieces = targets[0].elements.map(({ address = 0, data }) => ({ address, bytes: data }));
  const shown = pieces.slice(0, 4).map(rangeText).join(', ');
  const rest = pieces.length > 4 ? ` and ${pieces.length - 4} more` : '';
  return `${segmentFormatNames[format]} file: its bytes are sent, ${shown}${rest}`;
}

/** How a file becomes one piece without addresses, by the tools that made it. */
function conversion(format: SegmentFormat, isOneMemory: boolean): string {
  const input = { hex: '-I ihex ', srec: '-I srec ', elf: '', uf2: undefined }[format];
  if (input === undefined) return 'send the binary that it was made of';
  const part = isOneMemory ? '--gap-fill 0xff' : '-j SECTION';
  return `convert it: objcopy ${input}-O binary ${part} FILE FILE.bin`;
}

/** Plain DFU has no addresses. Throws `REFUSED` for a file with more than one piece. */
export function demandOnePiece({ format, targets }: Contents): void {
  const elements = targets[0]?.elements ?? [];
  if (elements.length < 2 || !isSegmentFormat(format)) return;
  const pieces = elements.map(({ address = 0, data }) => ({ address, bytes: data }));
  const shown = pieces.slice(0, 4).map(rangeText).join(', ');
  const [, elsewhere] = firstMemory(pieces);
  const what = `the device speaks plain DFU, which has no addresses, and the ${segmentFormatNames[format]} file`;
  const words = `${what} has ${pieces.length} pieces with gaps between them (${shown})`;
  const how = conversion(format, elsewhere.length === 0);
  throw new DfuError('REFUSED', `${words}; ${how}`, { remedies: ['raw'] });
}
