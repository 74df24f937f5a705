import { boardModel, bootloaderOf, eraseFlash, programFlash } from '../../board/index.ts';
import { FlashFile } from '../../board/node/index.ts';
import type { BoardModel, ProgramTarget } from '../../board/index.ts';
import { DfuError, hexNumber } from '../../bytes/index.ts';
import { NorFlash } from '../../flash/index.ts';
import type { Flash } from '../../flash/index.ts';
import { ExitCode, cannot } from '../shared/exit-codes.ts';
import { readImageFile } from '../shared/image-file.ts';
import type { ImageFile } from '../shared/image-file.ts';
import type { Terminal } from '../shared/terminal.ts';
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

function targetOf({ slot, address }: Pick<ProgramOptions, 'slot' | 'address'>): ProgramTarget {
  if (slot !== undefined) return { slot };
  return address === undefined ? undefined : { address };
}

function contentOf(terminal: Terminal, path: string): ImageFile {
  try {
    return readImageFile(terminal.files, path);
  } catch (error) {
    if (DfuError.is(error, 'NOT_FOUND') || DfuError.is(error, 'IO')) {
      throw cannot(`read ${path}`, error.cause, ExitCode.noInput);
    }
    throw error;
  }
}

/** Which board gets which file. */
interface ProgramJob {
  readonly name: string;
  readonly imagePath: string;
}

/** `board program`. */
export function programBoard(
  terminal: Terminal,
  { name, imagePath }: ProgramJob,
  options: ProgramOptions,
): void {
  const model = asArgument(() => boardModel(name));
  const { bootloader, algorithm } = options;
  const layout = bootloaderOf(model, bootloader).layout(model, algorithm);
  const { bytes: image, address: said } = contentOf(terminal, imagePath);
  const target = targetOf({ slot: options.slot, address: options.address ?? said });
  withFlash(model, options.flash, (flash) => {
    const { address, bytes, slot } = asArgument(() => programFlash(flash, layout, image, target));
    const where = slot === undefined ? '' : ` (slot ${slot})`;
    terminal.out.write(`programmed ${bytes} bytes at ${hexNumber(address, 8)}${where}\n`);
  });
}

/** `board erase`. */
export function eraseBoard(terminal: Terminal, name: string, path: string): void {
  const model = asArgument(() => boardModel(name));
  withFlash(model, path, (flash) => {
    eraseFlash(flash);
    terminal.out.write(`erased ${flash.sizeBytes} bytes\n`);
  });
}
