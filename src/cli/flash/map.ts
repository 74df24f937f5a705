import { hexNumber } from '../../bytes/index.ts';
import { sizeText } from '../../image/index.ts';
import { layoutText, mapFlash, tileFlash } from '../../lab/index.ts';
import type { ExplainedRange, FlashArea, FlashMap } from '../../lab/index.ts';
import { boardNamed, bootloaderNamed } from '../shared/board-named.ts';
import type { Terminal } from '../shared/terminal.ts';
import { withDoubts } from './doubt-line.ts';
import { allDoubts, openWithLayout } from './layout.ts';
import type { LayoutOptions } from './options.ts';
import { readingOf } from './reading.ts';

/** Options of `dfukit flash map`. */
export interface MapCommandOptions extends LayoutOptions {
  readonly json?: true | undefined;
  readonly words?: true | undefined;
}

/** A map, and what it was made with. */
interface Mapped extends FlashMap {
  /** In a line. */
  readonly layout: string;
  readonly doubts: readonly string[];
}

function rowsOf(ranges: readonly ExplainedRange[], withWords: boolean): string {
  const cells = ranges.map(({ offsetBytes, sizeBytes, kind, area = '-', title }) => {
    const last = hexNumber(offsetBytes + sizeBytes - 1, 6);
    return [`${hexNumber(offsetBytes, 6)}-${last}`, kind, area, `${title}, ${sizeText(sizeBytes)}`];
  });
  const widths = [0, 1, 2].map((n) => Math.max(...cells.map((row) => row[n]?.length ?? 0)));
  const lines = cells.map((row, n) => {
    const text = `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}\n`;
    const words = withWords ? (ranges[n]?.words ?? []) : [];
    return [text, ...words.map((each) => `      ${each}\n`)].join('');
  });
  return lines.join('');
}

/** What of a board's flash is no slot, where a board was named. */
async function besideSlots(
  terminal: Terminal,
  { board, bootloader }: LayoutOptions,
): Promise<readonly FlashArea[] | undefined> {
  if (board === undefined) return undefined;
  const model = await boardNamed(terminal, board);
  const { record, mode } = bootloaderNamed(model, bootloader);
  return record.besideSlots?.(model, mode);
}

async function mapped(terminal: Terminal, path: string, options: LayoutOptions): Promise<Mapped> {
  const read = await readingOf(terminal, path, options);
  if (read !== undefined) {
    const { model, reading, flash } = read;
    return {
      ranges: tileFlash(flash, reading.known),
      nextBoot: [reading.sentence],
      layout: `${reading.bootloader} of board ${model.name}`,
      doubts: [],
    };
  }
  const opened = await openWithLayout(terminal, path, options);
  const { device, keys, layout, source } = opened;
  const map = await mapFlash(
    { ...device, signaturesUnchecked: false },
    {
      areas: await besideSlots(terminal, options),
      nameOfKey: (index) => keys[index]?.path,
    },
  );
  const line = `layout ${source}: ${layoutText(layout)}`;
  return { ...map, layout: line, doubts: allDoubts(opened) };
}

/** `dfukit flash map`. */
export async function flashMap(
  terminal: Terminal,
  path: string,
  options: MapCommandOptions,
): Promise<number> {
  const { ranges, nextBoot, layout, doubts } = await mapped(terminal, path, options);
  if (options.json === true) {
    const whole = { state: nextBoot, doubts, layout, ranges };
    terminal.out.write(`${JSON.stringify(whole, null, 2)}\n`);
    return 0;
  }
  const [first = '', ...others] = nextBoot;
  const said = [withDoubts(first, doubts), ...others].join('\n');
  terminal.out.write(`${said}\n\n${layout}\n\n${rowsOf(ranges, options.words === true)}`);
  return 0;
}
