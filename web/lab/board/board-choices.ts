import { mcubootModes } from 'dfukit/board';
import type { BoardFile } from 'dfukit/board';
import { catalogue, startsOf } from '../../boards/catalogue.ts';

/** What one can choose among, and how it is called. */
export interface Choice {
  readonly value: string;
  readonly words: string;
  /** What is to be expected of it, in a sentence. */
  readonly about?: string | undefined;
}

const bootloaderWords: Readonly<Record<string, string>> = {
  riotboot_dfu: 'riotboot with DFU',
  riotboot: 'riotboot',
  none: 'none',
  flash: 'what is in flash, by itself',
  'stm32-rom': 'the loader in ROM',
};

export const boardChoices: readonly Choice[] = catalogue.map(({ name, title, chip }) => ({
  value: name,
  words: `${title} (${chip})`,
}));

/** The bootloaders that a board can be had with, its default first; MCUboot once for each of its modes. */
export function bootloaderChoices(
  names: readonly string[],
  usualMode: string = mcubootModes[0] ?? '',
): readonly Choice[] {
  return names.flatMap((name) => {
    if (name !== 'mcuboot') return [{ value: name, words: bootloaderWords[name] ?? name }];
    const modes = mcubootModes.toSorted(
      (a, b) => Number(b === usualMode) - Number(a === usualMode),
    );
    return modes.map((mode) => ({ value: `${name}:${mode}`, words: `MCUboot, ${mode}` }));
  });
}

/** No board has more; a list of thousands would be one nobody could choose from. */
const MOST_BOOTLOADERS = 16;

/** Those of a board file, of which nobody has checked anything yet. */
export function bootloadersOfFile({ bootloaders, mcuboot }: BoardFile): readonly Choice[] {
  const names: readonly unknown[] = Array.isArray(bootloaders) ? bootloaders : [];
  const known = new Set(names.filter((each) => typeof each === 'string'));
  return bootloaderChoices([...known].slice(0, MOST_BOOTLOADERS), mcuboot?.mode);
}

export function startChoices(bootloader: string): readonly Choice[] {
  return startsOf(bootloader).map(({ id, title, about }) => ({ value: id, words: title, about }));
}
