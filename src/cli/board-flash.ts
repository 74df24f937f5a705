import { readFileSync } from 'node:fs';
import {
  FlashFile,
  boardLayout,
  boardModel,
  eraseFlash,
  programFlash,
  riotbootName,
} from '../board/index.ts';
import type { BoardModel, ProgramTarget } from '../board/index.ts';
import { hexNumber } from '../bytes/index.ts';
import { NorFlash } from '../flash/index.ts';
import type { Flash } from '../flash/index.ts';
import { ExitCode } from './exit-codes.ts';
import { asArgument } from './wrong-argument.ts';

/** What `board program` is told besides board and image. */
export interface ProgramOptions {
  readonly flash: string;
  readonly bootloader?: string;
  readonly slot?: number;
  readonly address?: number;
}

function withFlash(model: BoardModel, path: string, work: (flash: Flash) => void): void {
  const file = FlashFile.open(path, model.flash);
  try {
    work(new NorFlash(model.flash, file));
  } finally {
    file.close();
  }
}

function targetOf({ slot, address }: ProgramOptions): ProgramTarget {
  if (slot !== undefined) return { slot };
  return address === undefined ? undefined : { address };
}

/** `board program`. */
export function programBoard(name: string, imagePath: string, options: ProgramOptions): void {
  const model = asArgument(() => boardModel(name));
  const layout = boardLayout(model, riotbootName(model, options.bootloader));
  let image: Uint8Array;
  try {
    image = readFileSync(imagePath);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`dfukit: cannot read ${imagePath}: ${reason}\n`);
    process.exitCode = ExitCode.noInput;
    return;
  }
  withFlash(model, options.flash, (flash) => {
    const { address, bytes, slot } = asArgument(() =>
      programFlash(flash, layout, image, targetOf(options)),
    );
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
