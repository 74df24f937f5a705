import { compareWear } from '../../lab/index.ts';
import type { AlgorithmWear, BootWear } from '../../lab/index.ts';
import { prepareUpdate } from './boot.ts';
import { doubtLine } from './doubt-line.ts';
import { allDoubts, openWithLayout } from './layout.ts';
import type { LayoutOptions } from './options.ts';
import type { PartOptions } from '../shared/image-part.ts';
import { warn } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';

/** Options of `dfukit flash wear`. */
export interface WearOptions extends LayoutOptions, PartOptions {
  readonly update?: string | undefined;
  readonly json?: true | undefined;
}

/** `1×0 5×2 9×0 1×1`: how many sectors in a row, times how many erases. */
function runs(erases: readonly number[]): string {
  const parts: string[] = [];
  for (let from = 0; from < erases.length;) {
    let end = from + 1;
    while (end < erases.length && erases[end] === erases[from]) end += 1;
    parts.push(end - from === 1 ? `${erases[from]}` : `${erases[from]}×${end - from}`);
    from = end;
  }
  return parts.join(' ');
}

function bootText(
  { what, erases, worst, bytesWritten, seconds, operations, areas }: BootWear,
  timed: boolean,
): string {
  const time = timed ? `, ${seconds.toFixed(3)} s` : '';
  const sums = `${erases} erases (${worst} of the worst sector), ${bytesWritten} bytes written`;
  const lines = areas.map(({ area, erases: each }) => `    ${area.padEnd(11)} ${runs(each)}\n`);
  return `  ${what}: ${sums} in ${operations} operations${time}\n${lines.join('')}`;
}

function text({ algorithm, impossible, boots }: AlgorithmWear, timed: boolean): string {
  if (impossible !== undefined) return `${algorithm}: not possible here: ${impossible}\n`;
  return `${algorithm}\n${boots.map((each) => bootText(each, timed)).join('')}`;
}

/** `dfukit flash wear`. */
export async function flashWear(
  terminal: Terminal,
  path: string,
  options: WearOptions,
): Promise<number> {
  const opened = await openWithLayout(terminal, path, options, (each) =>
    prepareUpdate(terminal, each, options),
  );
  const wear = await compareWear(opened.device);
  if (options.json === true) {
    const doubts = allDoubts(opened);
    const answers = wear.map((each) => ({ ...each, doubts }));
    terminal.out.write(`${JSON.stringify(answers, null, 2)}\n`);
    return 0;
  }
  const timed = opened.layout.geometry.timing !== undefined;
  if (!timed)
    warn(terminal, 'no seconds: the layout has no datasheet times (--erase-ms, --program-us)');
  terminal.out.write(doubtLine(allDoubts(opened)));
  terminal.out.write('erases of each sector from the first to the last (erases×sectors)\n');
  for (const each of wear) terminal.out.write(text(each, timed));
  return 0;
}
