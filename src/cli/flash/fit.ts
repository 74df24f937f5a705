import { DfuError, hexNumber } from '../../bytes/index.ts';
import { isEncrypted, parseImage } from '../../image/index.ts';
import { fitUpdate } from '../../lab/index.ts';
import type { Candidate, FitReport, FitVerdict, FlashLayout } from '../../lab/index.ts';
import { judgeOf, layoutAlone, layoutText } from './layout.ts';
import type { LayoutOptions } from './options.ts';
import { sizeText } from '../image/describe.ts';
import { readOneImage } from '../shared/image-part.ts';
import type { PartOptions } from '../shared/image-part.ts';
import type { Terminal } from '../shared/terminal.ts';

/** Options of `dfukit flash fit`. */
export interface FitOptions extends LayoutOptions, PartOptions {
  readonly json?: true | undefined;
}

interface Measured {
  readonly bytes: number;
  readonly words: string;
  readonly candidate: Candidate;
}

/** What counts of a file: an MCUboot image without padding and trailer, anything else whole. */
async function measure(
  terminal: Terminal,
  path: string,
  { config }: FlashLayout,
  options: FitOptions,
): Promise<Measured> {
  const { bytes, what } = readOneImage(terminal, path, { part: options.part, imageIndex: 0 });
  if (what.format === 'pem') {
    throw new DfuError('MALFORMED', `${path}: expected firmware, got a key or certificate in text`);
  }
  if (what.format !== 'mcuboot') {
    const words = 'not signed yet: header and TLVs come on top';
    return { bytes: bytes.length, words, candidate: { sizeBytes: bytes.length } };
  }
  const image = parseImage(bytes);
  const { judge } = await judgeOf(terminal, options);
  const size = image.bytes.length;
  // without the key, how large it is can be tried, and not whether it can be decrypted
  const closed = isEncrypted(image) && !judge.canDecrypt && config.encryption !== undefined;
  const words = closed
    ? 'an encrypted MCUboot image, of which only the size is tried: no key to decrypt it was given, -d'
    : 'an MCUboot image';
  const candidate = closed ? { sizeBytes: size } : { image: image.bytes, judge };
  return { bytes: size, words, candidate };
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

function verdict(report: FitVerdict, path: string, { bytes, words }: Measured): string {
  const { fits, overBytes, largestBytes, refusal, failed, reason = '' } = report;
  const file = `${path}: ${bytes} bytes (${words})`;
  if (fits) return `${file}: fits, ${largestBytes - bytes} bytes left\n`;
  if (refusal !== undefined) return `${file}: does not fit: no image is updated here\n`;
  const over = overBytes > 0 ? `${overBytes} bytes too big` : 'does not fit';
  const when = failed === 'revert' ? 'it is not taken back: ' : '';
  return `${file}: ${over}: ${when}${reason}\n`;
}

function remediesText({ fits, remedies }: FitVerdict): string {
  if (fits) return '';
  if (remedies.length === 0) return 'none of the other settings that were tried makes it fit\n';
  return remedies.map((words) => `would fit with ${words}\n`).join('');
}

/** `dfukit flash fit`; the answer is 1 if the file, or any, does not fit. */
export async function flashFit(
  terminal: Terminal,
  path: string | undefined,
  options: FitOptions,
): Promise<number> {
  const layout = await layoutAlone(terminal, options);
  const measured = path === undefined ? undefined : await measure(terminal, path, layout, options);
  const report = await fitUpdate(layout, measured?.candidate);
  const code = report.fits ? 0 : 1;
  if (options.json === true) {
    terminal.out.write(`${JSON.stringify(report, null, 2)}\n`);
    return code;
  }
  terminal.out.write(`${layoutText(layout)}\n`);
  const { refusal, reason, largestBytes, slotBytes } = report;
  const none = refusal ?? (largestBytes === 0 ? reason : undefined);
  if (none === undefined) {
    terminal.out.write(
      `largest image: ${largestBytes} bytes of a slot of ${sizeText(slotBytes)}\n`,
    );
  } else terminal.out.write(`no image fits a slot of ${sizeText(slotBytes)}: ${none}\n`);
  if (path !== undefined && measured !== undefined) {
    terminal.out.write(verdict(report, path, measured));
  }
  terminal.out.write(remediesText(report));
  for (const words of report.hazards) terminal.out.write(`hazard: ${words}\n`);
  terminal.out.write(drawing(report));
  return code;
}
