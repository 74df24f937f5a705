import { readFileSync } from 'node:fs';
import {
  boardModel,
  eraseFlash,
  mcubootMode,
  programFlash,
  programLayout,
} from '../../board/index.ts';
import { FlashFile } from '../../board/node/index.ts';
import type { BoardModel, ProgramTarget } from '../../board/index.ts';
import { hexNumber } from '../../bytes/index.ts';
import { NorFlash } from '../../flash/index.ts';
import type { Flash } from '../../flash/index.ts';
import { readIntelHex } from '../../image/index.ts';
import { ExitCode } from '../shared/exit-codes.ts';
import { asArgument } from '../shared/wrong-argument.ts';

/** What `board program` is told besides board and image. */
export interface ProgramOptions {
  readonly flash: string;
  readonly bootloader?: string | undefined;
  readonly algorithm?: string | undefined;
  readonly slot?: number | undefined;
  readonly address?: number | undefined;
}

function withFlash(model: BoardModel, path: string, work: (flash: Flash) => void): void {
  const file = FlashFile.open(path, model.flash);
  try {
    work(new NorFlash(model.flash, file));
  } finally {
    file.close();
  }
}

/** Bytes, and their address where the file says it. */
function contentOf(
  path: string,
  file: Uint8Array,
): { readonly bytes: Uint8Array; readonly address?: number } {
  return /\.hex$/i.test(path) ? readIntelHex(new TextDecoder().decode(file)) : { bytes: file };
}

function targetOf({ slot, address }: Pick<ProgramOptions, 'slot' | 'address'>): ProgramTarget {
  if (slot !== undefined) return { slot };
  return address === undefined ? undefined : { address };
}

/** `board program`. */
export function programBoard(name: string, imagePath: string, options: ProgramOptions): void {
  const model = asArgument(() => boardModel(name));
  const { bootloader, algorithm } = options;
  const mode = algorithm === undefined ? undefined : mcubootMode(algorithm);
  const layout = programLayout(model, bootloader, mode);
  let file: Uint8Array;
  try {
    file = readFileSync(imagePath);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`dfukit: cannot read ${imagePath}: ${reason}\n`);
    process.exitCode = ExitCode.noInput;
    return;
  }
  const { bytes: image, address: said } = contentOf(imagePath, file);
  const target = targetOf({ slot: options.slot, address: options.address ?? said });
  withFlash(model, options.flash, (flash) => {
    const { address, bytes, slot } = asArgument(() => programFlash(flash, layout, image, target));
    const where = slot === undefined ? '' : ` (slot ${slot})`;
    process.stdout.write(`programmed ${bytes} bytes at ${hexNumber(address, 8)}${where}\n`);
  });
}

/** `board erase`. */
export function eraseBoard(name: string, path: string): void {
  const model = asArgument(() => boardModel(name));
  withFlash(model, path, (flash) => {
    eraseFlash(flash);
    process.stdout.write(`erased ${flash.sizeBytes} bytes\n`);
  });
}
