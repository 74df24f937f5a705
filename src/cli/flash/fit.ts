import { hexNumber } from '../../bytes/index.ts';
import { parseImage } from '../../image/index.ts';
import { fitImage } from '../../lab/index.ts';
import type { FitReport } from '../../lab/index.ts';
import { layoutAlone, layoutText } from './layout.ts';
import type { LayoutOptions } from './options.ts';
import { sizeText } from '../image/describe.ts';
import { readFirmware } from '../shared/firmware-file.ts';
import type { Terminal } from '../shared/terminal.ts';

/** Options of `dfukit flash fit`. */
export interface FitOptions extends LayoutOptions {
  readonly json?: true | undefined;
}

interface Measured {
  readonly bytes: number;
  readonly words: string;
}

/** What counts of a file: an MCUboot image without padding and trailer, anything else whole. */
function measure(terminal: Terminal, path: string): Measured {
  const { bytes, what } = readFirmware(terminal.files, path);
  if (what.format === 'mcuboot') {
    return { bytes: parseImage(bytes).bytes.length, words: 'an MCUboot image' };
  }
  const words = 'not signed yet: header and TLVs come on top';
  return { bytes: bytes.length, words };
}

function drawing({ parts, slotBytes }: FitReport): string {
  const digits = slotBytes.toString(16).length;
  const lines = parts.map(({ name, offsetBytes, lengthBytes, words }) => {
    const size = `${lengthBytes}`.padStart(9);
    const tail = words === '' ? '' : `  ${words}`;
    return `  ${hexNumber(offsetBytes, digits)}  ${name.padEnd(21)}  ${size} bytes${tail}\n`;
  });
  return `${lines.join('')}  ${hexNumber(slotBytes, digits)}  end of the slot\n`;
}

function verdict(report: FitReport, path: string, { bytes, words }: Measured): string {
  const { overBytes, largestBytes } = report;
  if (overBytes > 0) return `${path}: ${bytes} bytes (${words}): ${overBytes} bytes too big\n`;
  return `${path}: ${bytes} bytes (${words}): fits, ${largestBytes - bytes} bytes left\n`;
}

/** `dfukit flash fit`; the answer is 1 if the file is too big. */
export async function flashFit(
  terminal: Terminal,
  path: string | undefined,
  options: FitOptions,
): Promise<number> {
  const layout = await layoutAlone(terminal, options);
  const measured = path === undefined ? undefined : measure(terminal, path);
  const report = fitImage(layout, measured?.bytes);
  if (options.json === true) terminal.out.write(`${JSON.stringify(report, null, 2)}\n`);
  else {
    terminal.out.write(`${layoutText(layout)}\n`);
    terminal.out.write(
      `largest image: ${report.largestBytes} bytes of a slot of ${sizeText(report.slotBytes)}\n`,
    );
    if (path !== undefined && measured !== undefined)
      terminal.out.write(verdict(report, path, measured));
    terminal.out.write(drawing(report));
  }
  return report.overBytes > 0 ? 1 : 0;
}
