import { existsSync, rmSync } from 'node:fs';
import { bootloaderOf, eraseFlash, programFlash, programSegments } from '../../board/index.ts';
import { FlashFile } from '../../board/node/index.ts';
import type { BoardModel, ProgramLayout, Programmed, ProgramTarget } from '../../board/index.ts';
import { DfuError, hexNumber } from '../../bytes/index.ts';
import { NorFlash } from '../../flash/index.ts';
import type { Flash } from '../../flash/index.ts';
import { noFirmwareName } from '../../image/index.ts';
import type { Unwrapped } from '../../image/index.ts';
import { checkElfMachine, checkNotInRam, partForChip } from './chip-fit.ts';
import { refuseUseless } from './option-fit.ts';
import { boardNamed } from '../shared/board-named.ts';
import { ExitCode, cannot } from '../shared/exit-codes.ts';
import { tellLeftOut } from '../shared/firmware-file.ts';
import { readWhole } from '../shared/image-part.ts';
import { isProgramSource } from '../shared/program-source.ts';
import { writeJson } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';
import { asArgument } from '../shared/wrong-argument.ts';

/** What `board program` is told besides board and image. */
export interface ProgramOptions {
  readonly json?: true | undefined;
  readonly flash: string;
  readonly bootloader?: string | undefined;
  readonly algorithm?: string | undefined;
  readonly slot?: number | undefined;
  readonly address?: number | undefined;
  readonly part?: string | undefined;
  readonly force?: true | undefined;
}

/** A file that was made for this is not left behind if the work is refused. */
function withFlash(model: BoardModel, path: string, work: (flash: Flash) => void): void {
  const isNew = !existsSync(path);
  const file = FlashFile.open(path, model.flash);
  try {
    work(new NorFlash(model.flash, file));
  } catch (error) {
    // While it is locked: nobody else has it open.
    if (isNew) rmSync(path, { force: true });
    throw error;
  } finally {
    file.close();
  }
}

function targetOf({ slot, address, force }: ProgramOptions): ProgramTarget {
  if (slot !== undefined) return { slot, force };
  return address === undefined ? undefined : { address, force };
}

function contentOf(terminal: Terminal, path: string, part: string | undefined): Unwrapped {
  const file = readWhole(terminal, path, part);
  const { format } = file.what;
  const got = format === 'dfuse' ? 'a DfuSe file' : noFirmwareName(format);
  if (got === undefined) return file;
  throw new DfuError('MALFORMED', `${path}: expected an image, got ${got}`);
}

/** Throws `INVALID_ARGUMENT` for the source of a firmware: no board executes a text. */
function checkNoSource(path: string, bytes: Uint8Array, { name }: BoardModel): void {
  if (!isProgramSource(path, bytes)) return;
  const made = `dfukit firmware build ${path} --board ${name} makes one`;
  const words = `expected an image, got the source of a firmware; ${made}`;
  throw new DfuError('INVALID_ARGUMENT', words, { remedies: ['force'] });
}

/** The same, of a file that is for the board's chip. Throws `INVALID_ARGUMENT` for one that is not, unless forced. */
function contentFor(
  terminal: Terminal,
  path: string,
  model: BoardModel,
  { part, force }: ProgramOptions,
): Unwrapped {
  if (force === true) return contentOf(terminal, path, part);
  const bytes = terminal.files.read(path);
  const own = forced(path, () => {
    checkNoSource(path, bytes, model);
    checkElfMachine(bytes, model);
    // Who names a part means it.
    return part ?? partForChip(bytes, model);
  });
  const file = contentOf(terminal, path, own);
  forced(path, () => checkNotInRam(file.segments, model));
  return file;
}

/** Which board gets which file. */
interface ProgramJob {
  readonly name: string;
  readonly imagePath: string;
}

/** Throws `INVALID_ARGUMENT` for a file that says of itself, and by no header, that it belongs elsewhere. */
function checkOwnAddress(
  { address: own, what }: Unwrapped,
  { slots }: ProgramLayout,
  target: ProgramTarget,
): void {
  if (own === undefined || what.format !== 'binary' || target?.force === true) return;
  if (target === undefined || !('slot' in target)) return;
  const slot = slots[target.slot];
  if (slot === undefined) return;
  const { address, uploadAddress = address } = slot;
  if (own === uploadAddress) return;
  const places = `${hexNumber(own, 8)}, slot ${target.slot} is at ${hexNumber(uploadAddress, 8)}`;
  const words = `the file is for ${places}`;
  throw new DfuError('INVALID_ARGUMENT', words, { remedies: ['force'] });
}

/** Does it; an error names the file, and what can be had by force says by which option. */
function forced<T>(path: string, program: () => T): T {
  try {
    return asArgument(program);
  } catch (cause) {
    if (!DfuError.is(cause)) throw cause;
    const force = cause.remedies.includes('force') ? ' (--force to do it all the same)' : '';
    const words = `${path}: ${cause.message}${force}`;
    throw new DfuError(cause.code, words, { cause });
  }
}

/** `board program`. */
export async function programBoard(
  terminal: Terminal,
  { name, imagePath }: ProgramJob,
  options: ProgramOptions,
): Promise<void> {
  const model = await boardNamed(terminal, name);
  const record = bootloaderOf(model, options.bootloader);
  refuseUseless(record, { algorithm: options.algorithm });
  const layout = record.layout(model, options.algorithm);
  const file = contentFor(terminal, imagePath, model, options);
  const target = targetOf(options);
  const say = ({ address, bytes, slot, doubt }: Programmed): void => {
    const where = slot === undefined ? '' : ` (slot ${slot})`;
    if (options.json === true) {
      writeJson(terminal.out, { type: 'programmed', address, bytes, slot, doubt });
    } else terminal.out.write(`programmed ${bytes} bytes at ${hexNumber(address, 8)}${where}\n`);
    if (doubt !== undefined) terminal.err.write(`${imagePath}: it will not run there: ${doubt}\n`);
  };
  withFlash(model, options.flash, (flash) => {
    if (target !== undefined || file.segmentFormat === undefined) {
      const program = (): Programmed => {
        checkOwnAddress(file, layout, target);
        return programFlash(flash, layout, file.bytes, target ?? { force: options.force === true });
      };
      say(forced(imagePath, program));
      tellLeftOut(terminal, imagePath, { segments: file.elsewhere, why: 'for another memory' });
      return;
    }
    const { programmed, bootloader, outside } = forced(imagePath, () =>
      programSegments(flash, layout, file.segments, options),
    );
    for (const each of programmed) say(each);
    const why = 'the bootloader comes with the board';
    tellLeftOut(terminal, imagePath, { segments: bootloader, why });
    tellLeftOut(terminal, imagePath, { segments: outside, why: 'outside of the flash' });
  });
}

/** Options of `board erase`. */
export interface EraseOptions {
  readonly flash: string;
  readonly json?: true | undefined;
}

/** `board erase`. */
export async function eraseBoard(
  terminal: Terminal,
  name: string,
  { flash: path, json }: EraseOptions,
): Promise<void> {
  const model = await boardNamed(terminal, name);
  if (!existsSync(path)) {
    throw cannot(`erase ${path}`, new Error('no such file'), ExitCode.noInput);
  }
  withFlash(model, path, (flash) => {
    eraseFlash(flash);
    const bytes = flash.sizeBytes;
    if (json === true) writeJson(terminal.out, { type: 'erased', bytes });
    else terminal.out.write(`erased ${bytes} bytes\n`);
  });
}
