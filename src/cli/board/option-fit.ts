import type { BootloaderRecord, StandInText } from '../../board/index.ts';
import { DfuError } from '../../bytes/index.ts';
import type { ImageCommandOptions } from './image-options.ts';

/** The options of a board that not every bootloader has. */
export interface BootloaderChoices extends ImageCommandOptions {
  readonly algorithm?: string | undefined;
  readonly key?: readonly string[] | undefined;
  readonly guarded?: true | undefined;
  readonly keepBootable?: true | undefined;
  readonly btnPin?: string | undefined;
  readonly btnMode?: string | undefined;
  readonly btnExtPullup?: true | undefined;
  readonly btnNone?: true | undefined;
  readonly standIn?: readonly StandInText[] | undefined;
}

interface Need {
  readonly option: string;
  readonly isGiven: (options: BootloaderChoices) => boolean;
  readonly isHad: (record: BootloaderRecord, options: BootloaderChoices) => boolean;
}

const trusts = (record: BootloaderRecord): boolean => record.trustsKeys;
const button = (record: BootloaderRecord): boolean => record.understands.includes('button');

/** Each option with what its bootloader must have for it to do anything. */
const NEEDS: readonly Need[] = [
  {
    option: '--algorithm',
    isGiven: ({ algorithm }) => algorithm !== undefined,
    isHad: ({ modes }) => modes.length > 0,
  },
  { option: '--key', isGiven: ({ key }) => key !== undefined, isHad: trusts },
  { option: '--guarded', isGiven: ({ guarded }) => guarded === true, isHad: trusts },
  {
    option: '--image-vendor',
    isGiven: ({ imageVendor }) => imageVendor !== undefined,
    isHad: trusts,
  },
  { option: '--image-class', isGiven: ({ imageClass }) => imageClass !== undefined, isHad: trusts },
  {
    option: '--no-image-check',
    isGiven: ({ imageCheck }) => imageCheck === false,
    isHad: ({ understands }) => understands.includes('image-check'),
  },
  {
    option: '--refuse-older',
    isGiven: ({ refuseOlder }) => refuseOlder === 'version',
    isHad: ({ understands }) => understands.includes('refuse-older'),
  },
  {
    option: '--refuse-older security-counter',
    isGiven: ({ refuseOlder }) => refuseOlder === 'security-counter',
    isHad: trusts,
  },
  {
    option: '--keep-bootable',
    isGiven: ({ keepBootable }) => keepBootable === true,
    isHad: ({ understands }) => understands.includes('keep-bootable'),
  },
  { option: '--btn-pin', isGiven: ({ btnPin }) => btnPin !== undefined, isHad: button },
  { option: '--btn-mode', isGiven: ({ btnMode }) => btnMode !== undefined, isHad: button },
  {
    option: '--btn-ext-pullup',
    isGiven: ({ btnExtPullup }) => btnExtPullup === true,
    isHad: button,
  },
  {
    option: '--stand-in confirm',
    isGiven: ({ standIn = [] }) => standIn.some(({ confirmMs }) => confirmMs !== undefined),
    isHad: trusts,
  },
  {
    option: '--stand-in upgrade',
    isGiven: ({ standIn = [] }) => standIn.some(({ upgrade }) => upgrade !== undefined),
    isHad: trusts,
  },
  { option: '--btn-none', isGiven: ({ btnNone }) => btnNone === true, isHad: button },
];

/**
 * Throws `INVALID_ARGUMENT` for an option that does nothing with that bootloader: whoever gives it believes that it is
 * connected.
 */
export function refuseUseless(record: BootloaderRecord, options: BootloaderChoices): void {
  const useless = NEEDS.find(({ isGiven, isHad }) => isGiven(options) && !isHad(record, options));
  if (useless === undefined) return;
  const wrong = `${record.name} has no ${useless.option}: it would do nothing`;
  throw new DfuError('INVALID_ARGUMENT', wrong);
}

/** Reads `--btn-pin`: as pins are named, `P0.11` or `PC13`. */
export function pin(text: string): string {
  if (/^P(?:\d+\.\d+|[A-Z]\d+)$/.test(text)) return text;
  throw new DfuError('INVALID_ARGUMENT', `--btn-pin: expected a pin, e.g. P0.11, got "${text}"`);
}

/** Reads `--landing-page`. */
export function webPage(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  const expected = 'expected a page of the web, https://…';
  throw new DfuError('INVALID_ARGUMENT', `--landing-page: ${expected}, got "${text}"`);
}
