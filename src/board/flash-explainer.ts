import { Inspections, mapFlash, openFlash, tileFlash } from '../lab/index.ts';
import type { FlashMap, LabDevice } from '../lab/index.ts';
import { bootloaderOf } from './bootloaders/bootloaders.ts';
import type { BoardModel } from './models/board-model.ts';
import type { BootloaderRecord, BuildOptions } from './seams/bootloader-record.ts';

/** Which bootloader a board has, and what it trusts. */
export interface ExplainerOptions {
  /** One of the board's; default: its first. */
  readonly bootloader?: string | undefined;
  /** What it is compiled with. Without `keys` signatures are not checked, and it is said so. */
  readonly build?: BuildOptions | undefined;
}

/** Explains the flash of one board, again and again: what was judged once is not judged again. */
export interface FlashExplainer {
  /**
   * What all of the flash holds, and what the next boot makes of it.
   *
   * @throws `DfuError` `TRUNCATED` or `OUT_OF_RANGE` for fewer or more bytes than the board's flash has.
   */
  readonly explain: (contents: Uint8Array) => Promise<FlashMap>;
}

/** For a bootloader that the laboratory replays. */
function replaying(
  model: BoardModel,
  record: BootloaderRecord,
  build: BuildOptions,
): FlashExplainer | undefined {
  const { replay, judge: judgeOf, besideSlots } = record;
  if (replay === undefined || judgeOf === undefined) return undefined;
  const { keys, mode } = build;
  const { geometry, config } = replay(model, mode);
  const judge = judgeOf(model, build);
  const inspections = new Inspections();
  const areas = besideSlots?.(model, mode);
  return {
    async explain(contents) {
      const device: LabDevice = {
        flash: openFlash(geometry, contents),
        config,
        judge,
        inspections,
        keys,
        signaturesUnchecked: keys === undefined,
      };
      return mapFlash(device, { areas });
    },
  };
}

/** For a bootloader that reads its dumps itself. */
async function reading(model: BoardModel, record: BootloaderRecord): Promise<FlashExplainer> {
  const reader = await record.reader?.(model);
  return {
    async explain(contents) {
      const flash = openFlash(model.flash, contents);
      if (reader === undefined) return { ranges: tileFlash(flash), nextBoot: [] };
      const { known, sentence } = reader.read(flash);
      return { ranges: tileFlash(flash, known), nextBoot: [sentence] };
    },
  };
}

/**
 * What explains the flash of a board with one of its bootloaders.
 *
 * @throws `DfuError` `INVALID_ARGUMENT` for a bootloader, mode or keys that the board cannot be had with.
 */
export async function flashExplainer(
  model: BoardModel,
  { bootloader, build = {} }: ExplainerOptions = {},
): Promise<FlashExplainer> {
  const record = bootloaderOf(model, bootloader, build.mode);
  return replaying(model, record, build) ?? reading(model, record);
}
