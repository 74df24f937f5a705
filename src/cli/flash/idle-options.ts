import { isInPlace } from '../../boot/mcuboot/index.ts';
import type { BootConfig } from '../../boot/mcuboot/index.ts';
import { DfuError } from '../../bytes/index.ts';
import type { LayoutOptions } from './options.ts';

// An option that does nothing is refused: whoever gives it takes the answer for one that looked at it.

function refused(words: string): DfuError {
  return new DfuError('INVALID_ARGUMENT', words);
}

const slotOptions = ['sectors', 'primary', 'secondary'] as const;

/**
 * Refuses two sources of a layout at once, and what goes with another source.
 *
 * @throws `DfuError` `INVALID_ARGUMENT` with the two options.
 */
export function refuseTwoLayouts(options: LayoutOptions): void {
  const { board, bootloader, layout, sectors, primary, secondary } = options;
  const given = [
    ...(board === undefined ? [] : ['--board']),
    ...(layout === undefined ? [] : ['--layout']),
    ...slotOptions.filter((name) => options[name] !== undefined).map((name) => `--${name}`),
  ];
  const told = board !== undefined || layout !== undefined;
  if (told && given.length > 1) {
    throw refused(`layout: expected one that says it, got ${given.join(' and ')}`);
  }
  if (bootloader !== undefined && board === undefined) {
    throw refused(
      '--bootloader: expected --board, too: it names one of the bootloaders of a board',
    );
  }
  const several = sectors !== undefined && sectors.length > 1;
  if (several && primary === undefined && secondary === undefined) {
    throw refused(
      '--sectors: expected --primary and --secondary, too, for sectors of several sizes',
    );
  }
}

/**
 * Refuses what a bootloader of this kind has no use for.
 *
 * @throws `DfuError` `INVALID_ARGUMENT` with the option and what it goes with.
 */
export function refuseIdleOptions(options: LayoutOptions, config: BootConfig): void {
  const { fast, keepBackup, bootstrap, downgrade, counter = [] } = options;
  const { algorithm, hwRollbackProtection } = config;
  const inPlace = isInPlace(algorithm);
  // a bootstrap is a copy, too
  const copies = algorithm === 'overwrite-only' || config.bootstrap === true;
  const idle: [boolean, string, string][] = [
    [fast === true && !copies, '--fast', '--algorithm overwrite'],
    [keepBackup === true && !copies, '--keep-backup', '--algorithm overwrite'],
    [bootstrap === true && inPlace, '--bootstrap', 'a swap, or overwrite'],
    [downgrade !== undefined && inPlace, '--downgrade', 'a swap, or overwrite'],
    [counter.length > 0 && hwRollbackProtection !== true, '--counter', '--hw-rollback'],
  ];
  const first = idle.find(([is]) => is);
  if (first !== undefined) {
    const [, name, partner] = first;
    throw refused(`${name}: it does nothing here (${algorithm}); it goes with ${partner}`);
  }
}

/** What also counts for a bootloader that has neither trailers nor signatures. */
const READING_OPTIONS: ReadonlySet<string> = new Set([
  'board',
  'bootloader',
  'base',
  'json',
  'validate',
]);

/**
 * Refuses what a bootloader that only reads its dumps does not know of.
 *
 * @throws `DfuError` `INVALID_ARGUMENT` with the options.
 */
export function refuseUnread(bootloader: string, options: LayoutOptions): void {
  refuseAllBut(READING_OPTIONS, options, `${bootloader}: it has none of what this is about`);
}

/**
 * Refuses all options but those, with these words in front of them.
 *
 * @throws `DfuError` `INVALID_ARGUMENT` with the options.
 */
export function refuseAllBut(
  counting: ReadonlySet<string>,
  options: LayoutOptions,
  words: string,
): void {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const idle = given.filter(([name, value]) =>
    name === 'validate' ? value === false : !counting.has(name),
  );
  if (idle.length === 0) return;
  throw refused(`${words}: ${idle.map(([name]) => optionName(name)).join(', ')}`);
}

/** As it is typed. */
function optionName(name: string): string {
  const dashed = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return name === 'validate' ? '--no-validate' : `--${dashed}`;
}
