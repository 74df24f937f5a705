import { hexNumber } from '../../bytes/index.ts';
import { formatVersion, sizeText } from '../../image/index.ts';
import { inspectFlash, layoutText, slotFacts } from '../../lab/index.ts';
import type { FlashReport, McubootSlotReport, TrailerReport } from '../../lab/index.ts';
import { withDoubts } from './doubt-line.ts';
import { readDump } from './dump-file.ts';
import { allDoubts, openWithLayout } from './layout.ts';
import type { OpenedDump } from './layout.ts';
import { oneSlotIn } from './no-dump.ts';
import type { OneSlot } from './no-dump.ts';
import type { LayoutOptions } from './options.ts';
import { inspectReading, readingOf } from './reading.ts';
import { judgementJson, table } from '../image/describe.ts';
import type { Row } from '../image/describe.ts';
import type { Terminal } from '../shared/terminal.ts';

/** Options of `dfukit flash inspect`. */
export interface InspectOptions extends LayoutOptions {
  readonly json?: true | undefined;
}

const slotNames = ['primary', 'secondary'] as const;

/** Every field of a trailer: offset in the area, address in flash, bytes, meaning. */
function trailerText({ area, fields, layout }: TrailerReport): string {
  const size = `${layout.trailerBytes} bytes`;
  const rows = fields.map(({ name, offsetBytes, addressBytes, hex, meaning }): Row => {
    const place = `${hexNumber(offsetBytes)} (${hexNumber(addressBytes)})`;
    const bytes = name === 'swap_status' && hex === '' ? '-' : hex;
    return [name, `${place}  ${bytes}  ${meaning}`];
  });
  return `trailer of ${area}, ${size}, offset in the area (address in flash):\n${table(rows)}`;
}

function textOf(report: FlashReport, opened: OpenedDump): string {
  const [first = '', ...others] = report.sentences;
  const { layout, source, keys } = opened;
  const nameOf = (index: number): string | undefined => keys[index]?.path;
  const hazards = report.hazards.map((words) => `hazard: ${words}`);
  const parts = [
    `${[withDoubts(first, allDoubts(opened)), ...others, ...hazards].join('\n')}\n`,
    `layout ${source}: ${layoutText(layout)}\n`,
  ];
  for (const slot of report.slots) {
    const name = `${slotNames[slot.slot]}${slot.image}`;
    const place = `${sizeText(slot.sizeBytes)} at ${hexNumber(slot.offsetBytes)}`;
    parts.push(`${name}, ${place}:\n${table(slotFacts(slot, nameOf))}`);
  }
  for (const trailer of report.trailers) parts.push(trailerText(trailer));
  return parts.join('\n');
}

function slotJson({ inspection, ...slot }: McubootSlotReport): object {
  if (inspection === undefined) return slot;
  const { image } = inspection;
  return {
    ...slot,
    headerBytes: image.header.hdrSize,
    payloadBytes: image.header.imgSize,
    totalBytes: image.bytes.length,
    ...judgementJson(inspection),
  };
}

function jsonOf(report: FlashReport, opened: OpenedDump): string {
  const { layout, source } = opened;
  const { sentences, hazards, slots, trailers, swaps } = report;
  const whole = {
    state: sentences,
    hazards,
    doubts: allDoubts(opened),
    layout: { source, ...layout },
    slots: slots.map(slotJson),
    swaps,
    trailers: trailers.map(({ area, state, fields }) => ({ area, state, fields })),
  };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

/** Whether nobody said what the flash is like. */
function isUntold({ board, layout, primary, secondary }: LayoutOptions): boolean {
  return [board, layout, primary, secondary].every((each) => each === undefined);
}

function inspectOneSlot(
  terminal: Terminal,
  { image, trailer, sentence }: OneSlot,
  json: boolean,
): number {
  if (json) {
    const { header, bytes } = image;
    const version = formatVersion(header.version);
    const slot = { version, totalBytes: bytes.length, trailer };
    terminal.out.write(`${JSON.stringify({ state: [sentence], slot }, null, 2)}\n`);
    return 0;
  }
  const { maxAlign, copyDone, imageOk } = trailer;
  const rows: Row[] = [
    ['magic', `good (alignment ${maxAlign})`],
    ['copy_done', copyDone],
    ['image_ok', imageOk],
  ];
  terminal.out.write(`${sentence}\n\ntrailer:\n${table(rows)}`);
  return 0;
}

/** `dfukit flash inspect`. */
export async function flashInspect(
  terminal: Terminal,
  path: string,
  options: InspectOptions,
): Promise<number> {
  const read = await readingOf(terminal, path, options);
  if (read !== undefined) return inspectReading(terminal, read, options.json === true);
  if (isUntold(options)) {
    const slot = oneSlotIn(readDump(terminal, path));
    if (slot !== undefined) return inspectOneSlot(terminal, slot, options.json === true);
  }
  const opened = await openWithLayout(terminal, path, options);
  const report = await inspectFlash(opened.device);
  terminal.out.write(options.json === true ? jsonOf(report, opened) : textOf(report, opened));
  return 0;
}
