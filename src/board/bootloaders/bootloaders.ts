import { DfuError } from '../../bytes/index.ts';
import type { DfuSeProfile } from '../../device/index.ts';
import type { Bootloader } from '../seams/bootloader.ts';
import type { BoardModel } from '../models/catalogue.ts';
import { McubootBootloader } from './mcuboot.ts';
import type { McubootOptions } from './mcuboot.ts';
import { mcubootLayout } from './mcuboot-layout.ts';
import type { McubootMode } from './mcuboot-layout.ts';
import { NoBootloader } from './none.ts';
import type { ProgramLayout } from '../images/programmer.ts';
import { Stm32Bootloader } from './stm32.ts';
import { RiotbootBootloader, boardLayout } from './riotboot.ts';
import type { RiotbootBootloaderOptions, RiotbootName } from './riotboot.ts';

/** What the bootloaders of the catalogue are made with. */
export interface MakeBootloaderOptions extends Omit<RiotbootBootloaderOptions, 'name'> {
  readonly mcuboot?: McubootOptions | undefined;
  /** How a DfuSe loader answers; default: as ST's in ROM. */
  readonly dfuse?: DfuSeProfile | undefined;
}

/** The bootloader of that name, if the board can be had with it. Throws `INVALID_ARGUMENT`. */
export function bootloaderName(
  model: BoardModel,
  name: string | undefined = model.bootloaders[0],
): string {
  if (name !== undefined && model.bootloaders.includes(name)) return name;
  const known = model.bootloaders.join(', ');
  throw new DfuError(
    'INVALID_ARGUMENT',
    `${model.name} has no bootloader "${name}"; it has: ${known}`,
  );
}

function isRiotboot(name: string): name is RiotbootName {
  return name === 'riotboot_dfu' || name === 'riotboot';
}

/** One of riotboot's kind, if the board can be had with it. Throws `INVALID_ARGUMENT`. */
export function riotbootName(model: BoardModel, name?: string): RiotbootName {
  const found = bootloaderName(model, name);
  if (isRiotboot(found)) return found;
  const got = `expected riotboot_dfu or riotboot, got ${found}`;
  throw new DfuError('INVALID_ARGUMENT', `${model.name}: ${got}`);
}

/** Makes a bootloader by its name. Throws `INVALID_ARGUMENT` for what the board cannot be had with. */
export function makeBootloader(
  name: string | undefined,
  { mcuboot, dfuse, ...options }: MakeBootloaderOptions,
): Bootloader {
  const { model } = options;
  const found = bootloaderName(model, name);
  if (isRiotboot(found)) return new RiotbootBootloader({ ...options, name: found });
  if (found === 'none') return new NoBootloader(model, options.profile);
  if (found === 'stm32-rom') {
    return new Stm32Bootloader({ ...options, dfuse });
  }
  if (mcuboot !== undefined) return new McubootBootloader(model, mcuboot, options);
  const expected = 'expected the keys that it trusts, or an empty list to trust hashes alone';
  throw new DfuError('INVALID_ARGUMENT', `${model.name} with MCUboot: ${expected}`);
}

/** Where a bootloader and its slots lie; without one in flash all of it is one place. */
export function programLayout(model: BoardModel, name?: string, mode?: McubootMode): ProgramLayout {
  const found = bootloaderName(model, name);
  if (isRiotboot(found)) return boardLayout(model, found);
  if (found === 'mcuboot') return mcubootLayout(model, mode);
  return { flashBase: model.flashBaseAddress, bootloaderBytes: 0, slots: [] };
}
