import { DfuError, hexNumber } from '../../bytes/index.ts';
import { isEncrypted, noFirmwareName, parseImage, sizeText } from '../../image/index.ts';
import { fitUpdate, layoutText } from '../../lab/index.ts';
import type { Candidate, FitReport, FitVerdict, FlashLayout } from '../../lab/index.ts';
import { judgeOf, layoutAlone } from './layout.ts';
import type { LayoutOptions } from './options.ts';
import { readOneImage } from '../shared/image-part.ts';
import type { PartOptions } from '../shared/image-part.ts';
import type { Terminal } from '../shared/terminal.ts';

/** Options of `dfukit flash fit`. */
export interface FitOptions extends LayoutOptions, PartOptions {
  /** Of several images the one that the file is. */
  readonly image?: number | undefined;
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
  const { bytes, what } = readOneImage(terminal, path, {
    part: options.part,
    imageIndex: options.image ?? 0,
  });
  const got = noFirmwareName(what.format);
  if (got !== undefined) {
    throw new DfuError('MALFORMED', `${path}: expected firmware, got ${got}`);
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

interface Asked {
  readonly path: string;
  readonly measured: Measured;
}

function reportText(report: FitVerdict, asked: Asked | undefined): string {
  const { refusal, reason, largestBytes, slotBytes, hazards } = report;
  const none = refusal ?? (largestBytes === 0 ? reason : undefined);
  const size = sizeText(slotBytes);
  const most =
    none === undefined
      ? `largest image: ${largestBytes} bytes of a slot of ${size}\n`
      : `no image fits a slot of ${size}: ${none}\n`;
  return [
    most,
    asked === undefined ? '' : verdict(report, asked.path, asked.measured),
    remediesText(report),
    ...hazards.map((words) => `hazard: ${words}\n`),
    drawing(report),
  ].join('');
}

/** Which pairs of slots are asked about: the one that is named, or all. */
function imagesOf({ config }: FlashLayout, { image }: FitOptions): number[] {
  const all = [...config.images.keys()];
  if (image === undefined) return all;
  if (all.includes(image)) return [image];
  const words = `expected 0 to ${all.length - 1}, as the layout has, got ${image}`;
  throw new DfuError('INVALID_ARGUMENT', `--image: ${words}`);
}

/** `dfukit flash fit`; the answer is 1 if the file, or any, does not fit; of several images, if it does not fit one. */
export async function flashFit(
  terminal: Terminal,
  path: string | undefined,
  options: FitOptions,
): Promise<number> {
  const layout = await layoutAlone(terminal, options);
  const images = imagesOf(layout, options);
  const measured = path === undefined ? undefined : await measure(terminal, path, layout, options);
  const asked = path === undefined || measured === undefined ? undefined : { path, measured };
  const reports: { image: number; report: FitVerdict }[] = [];
  for (const image of images) {
    reports.push({ image, report: await fitUpdate(layout, measured?.candidate, image) });
  }
  const several = layout.config.images.length > 1;
  if (options.json === true) {
    const answers = reports.map(({ image, report }) => (several ? { image, ...report } : report));
    terminal.out.write(`${JSON.stringify(several ? answers : answers[0], null, 2)}\n`);
  } else {
    terminal.out.write(`${layoutText(layout)}\n`);
    for (const { image, report } of reports) {
      terminal.out.write(`${several ? `image ${image}: ` : ''}${reportText(report, asked)}`);
    }
  }
  return reports.every(({ report }) => report.fits) ? 0 : 1;
}
