import { programFlash, programSegments } from '../../board/index.ts';
import type { BoardModel, BootloaderRecord } from '../../board/index.ts';
import { DfuError } from '../../bytes/index.ts';
import { MemoryFlash } from '../../flash/index.ts';
import { inFile, readFirmware } from '../shared/firmware-file.ts';
import type { Terminal } from '../shared/terminal.ts';
import { asArgument } from '../shared/wrong-argument.ts';

/** What a build has left: an image for a slot, or a program for all of the flash. */
interface BuiltImage {
  /** What is to be sent. */
  readonly bytes: Uint8Array;
  /** Where it belongs, where there are no slots. */
  readonly address: number;
  readonly slot: number | undefined;
}

/** What such a file is asked to fit. */
interface BuiltImageOrder {
  readonly model: BoardModel;
  readonly record: BootloaderRecord;
  readonly slot: number | undefined;
  /** Options that say how a firmware is built. */
  readonly useless: Readonly<Record<string, unknown>>;
}

/**
 * An image that is built already: looked at as `board program` does, so that what would not run is not sent. Throws
 * `INVALID_ARGUMENT` for one, and for options that would do nothing.
 */
export function builtImage(
  terminal: Terminal,
  path: string,
  { model, record, slot, useless }: BuiltImageOrder,
): BuiltImage {
  const option = Object.keys(useless).find((name) => useless[name] !== undefined);
  if (option !== undefined) {
    throw new DfuError('INVALID_ARGUMENT', `${path} is built already: ${option} would do nothing`);
  }
  const { bytes, address, segments } = readFirmware(terminal.files, path);
  const layout = record.layout(model);
  const target = slot === undefined ? undefined : { slot };
  const flash = new MemoryFlash(model.flash);
  return asArgument(() =>
    inFile(path, () => {
      const ownPlace = target === undefined && segments.length > 0;
      const [put] = ownPlace
        ? programSegments(flash, layout, segments).programmed
        : [programFlash(flash, layout, bytes, target)];
      if (put?.doubt !== undefined) throw new DfuError('INVALID_ARGUMENT', put.doubt);
      const where = address ?? model.flashBaseAddress;
      if (layout.slots.length > 0 && put?.slot === undefined) {
        const expected = 'expected an image that begins where a slot does';
        throw new DfuError('INVALID_ARGUMENT', `${expected}; say --slot`);
      }
      return { bytes, address: where, slot: put?.slot };
    }),
  );
}
