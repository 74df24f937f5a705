import type { Command } from 'commander';
import { Option } from 'commander';
import { parseSectors } from '../../board/index.ts';
import { algorithmNamed, algorithms } from '../../boot/mcuboot/index.ts';
import type { NamedAlgorithm } from '../../boot/mcuboot/index.ts';
import { DfuError } from '../../bytes/index.ts';
import type { FlashRange, SectorRun } from '../../flash/index.ts';
import { collect } from '../shared/collect.ts';
import { oneOf, time, wholeNumber } from '../shared/numbers.ts';
import { addDetails, inGroup, rareOnes } from '../shared/rare-options.ts';

/** Where a part of the flash lies: without a size, all that is left of it. */
export interface FlashBase {
  readonly address: number;
  readonly sizeBytes?: number | undefined;
}

/** What the `dfukit flash` commands are told of flash and bootloader. */
export interface LayoutOptions {
  readonly board?: string | undefined;
  readonly bootloader?: string | undefined;
  readonly layout?: string | undefined;
  readonly sectors?: readonly SectorRun[] | undefined;
  readonly primary?: readonly FlashRange[] | undefined;
  readonly secondary?: readonly FlashRange[] | undefined;
  readonly scratch?: FlashRange | undefined;
  readonly base?: readonly FlashBase[] | undefined;
  readonly algorithm?: NamedAlgorithm | undefined;
  readonly writeUnit?: number | undefined;
  readonly maxAlign?: 8 | 16 | 32 | undefined;
  readonly maxSectors?: number | undefined;
  readonly logicalSectorSize?: number | undefined;
  readonly erasedValue?: 0x00 | 0xff | undefined;
  readonly key?: readonly string[] | undefined;
  readonly decrypt?: readonly string[] | undefined;
  readonly counter?: readonly number[] | undefined;
  readonly validate?: boolean | undefined;
  readonly bootstrap?: true | undefined;
  readonly fast?: true | undefined;
  readonly keepBackup?: true | undefined;
  readonly downgrade?: 'version' | 'security-counter' | undefined;
  readonly hwRollback?: true | undefined;
  readonly encrypted?: 16 | 32 | undefined;
  readonly saveEnctlv?: number | undefined;
  readonly guarded?: true | undefined;
  readonly eraseMs?: number | undefined;
  readonly programUs?: number | undefined;
}

function wrong(option: string, expected: string, got: string): DfuError {
  return new DfuError('INVALID_ARGUMENT', `${option}: expected ${expected}, got "${got}"`);
}

/** `move`, `swap-using-move`, `direct-xip+revert`. */
function algorithm(text: string): NamedAlgorithm {
  const found = algorithmNamed(text);
  if (found !== undefined) return found;
  throw wrong('--algorithm', `${algorithms.join(', ')} or direct-xip+revert`, text);
}

const SCALES: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 * 1024 };

/** A number of bytes: decimal, 0x hex, or with K or M. */
function bytes(option: string, text: string): number {
  const found = /^(0x[0-9a-f]+|\d+)([km]?)(?:i?b)?$/i.exec(text.trim());
  const value = Number(found?.[1] ?? NaN) * (SCALES[found?.[2]?.toLowerCase() ?? ''] ?? 1);
  if (!Number.isInteger(value) || value > 2 ** 32) {
    throw wrong(option, 'bytes, as 4096, 0x1000 or 4K', text);
  }
  return value;
}

/** `256x4K`, or runs one behind the other: `4x16K,64K,7x128K`. */
function sectors(text: string): SectorRun[] {
  return parseSectors(text).map(({ count = 1, sizeBytes }) => ({ count, sizeBytes }));
}

function logicalSectorSize(text: string): number {
  const option = '--logical-sector-size';
  const size = bytes(option, text);
  if (Number.isInteger(Math.log2(size))) return size;
  throw wrong(option, 'a power of two, as 4096, 0x2000 or 8K', text);
}

function range(option: string): (text: string) => FlashRange {
  return (text) => {
    const [from, size, more] = text.split(':');
    if (from === undefined || size === undefined || more !== undefined) {
      throw wrong(option, 'OFFSET:SIZE, as 0xc000:0x76000', text);
    }
    return { offsetBytes: bytes(option, from), sizeBytes: bytes(option, size) };
  };
}

function ranges(option: string): (text: string, before?: readonly FlashRange[]) => FlashRange[] {
  return (text, before = []) => [...before, range(option)(text)];
}

/** Reads a part of flash: an address, and its size where that is said. */
export function placed(
  option: string,
): (text: string, before?: readonly FlashBase[]) => FlashBase[] {
  return (text, before = []) => {
    const [address, size, more] = text.split(':');
    if (address === undefined || more !== undefined) {
      throw wrong(option, 'ADDRESS or ADDRESS:SIZE, as 0x08000000 or 0x12000000:8M', text);
    }
    const sizeBytes = size === undefined ? undefined : bytes(option, size);
    return [...before, { address: bytes(option, address), sizeBytes }];
  };
}

const counter = wholeNumber('--counter', [0, 0xffffffff]);

function parsedOption<T>(
  flags: string,
  words: string,
  parse: (text: string, before: T | undefined) => T,
): Option {
  return new Option(flags, words).argParser(parse);
}

function addLayoutOptions(to: Command): Command {
  return to
    .option('--board <board>', 'layout of this board, by name or by the path of a board file')
    .option(
      '--bootloader <name>',
      "one of the board's: riotboot, mcuboot, mcuboot:offset for a mode",
    )
    .option('--layout <file>', 'layout from a JSON file: the config of a vector file')
    .addOption(parsedOption('--sectors <runs>', 'as 256x4K, or 4x16K,64K,7x128K', sectors))
    .addOption(
      parsedOption('--primary <range>', 'OFFSET:SIZE; once for each image', ranges('--primary')),
    )
    .addOption(
      parsedOption(
        '--secondary <range>',
        'OFFSET:SIZE; once for each image',
        ranges('--secondary'),
      ),
    )
    .addOption(parsedOption('--scratch <range>', 'OFFSET:SIZE', range('--scratch')))
    .addOption(
      parsedOption(
        '--base <address>',
        'where the flash begins, for files with addresses; ADDRESS:SIZE once for each part',
        placed('--base'),
      ),
    )
    .addOption(
      parsedOption(
        '--algorithm <name>',
        'move, offset, scratch, overwrite, direct-xip, direct-xip+revert, ram-load',
        algorithm,
      ),
    )
    .addOption(
      parsedOption(
        '--write-unit <bytes>',
        'of the flash',
        oneOf('--write-unit', [1, 2, 4, 8, 16, 32]),
      ),
    )
    .addOption(
      parsedOption(
        '--max-align <bytes>',
        'BOOT_MAX_ALIGN: 8, 16, 32',
        oneOf('--max-align', [8, 16, 32]),
      ),
    )
    .addOption(
      parsedOption(
        '--max-sectors <n>',
        'BOOT_MAX_IMG_SECTORS; else what the layout says, or the sectors of the larger slot',
        wholeNumber('--max-sectors', [1, 65535]),
      ),
    )
    .addOption(
      parsedOption(
        '--logical-sector-size <bytes>',
        'MCUBOOT_LOGICAL_SECTOR_SIZE, a power of two; default: the sectors of the flash',
        logicalSectorSize,
      ),
    )
    .addOption(
      parsedOption(
        '--erased-value <byte>',
        '0xff or 0',
        oneOf('--erased-value', [0xff, 0x00], '0xff or 0'),
      ),
    );
}

function addBuildOptions(to: Command): Command {
  return to
    .addOption(parsedOption('-k, --key <file>', 'key in the bootloader; may be repeated', collect))
    .addOption(
      parsedOption('-d, --decrypt <file>', "key that opens encrypted images' keys", collect),
    )
    .option('--no-validate', 'the bootloader does not validate the primary slot')
    .option('--bootstrap', 'MCUBOOT_BOOTSTRAP')
    .option('--fast', 'MCUBOOT_OVERWRITE_ONLY_FAST')
    .option('--keep-backup', 'MCUBOOT_OVERWRITE_ONLY_KEEP_BACKUP')
    .addOption(
      new Option('--downgrade <by>', 'refuse older images, by').choices([
        'version',
        'security-counter',
      ]),
    )
    .option('--hw-rollback', 'MCUBOOT_HW_ROLLBACK_PROT')
    .addOption(
      parsedOption(
        '--counter <n>',
        'security counter in hardware; once for each image',
        (text, before: readonly number[] | undefined) => [...(before ?? []), counter(text)],
      ),
    )
    .addOption(
      parsedOption(
        '--encrypted <bytes>',
        'MCUBOOT_ENC_IMAGES with keys of',
        oneOf('--encrypted', [16, 32]),
      ),
    )
    .addOption(
      parsedOption(
        '--save-enctlv <bytes>',
        'MCUBOOT_SWAP_SAVE_ENCTLV: bytes of the record',
        wholeNumber('--save-enctlv', [1, 512]),
      ),
    )
    .option('--guarded', 'refuse known hazards instead of doing as MCUboot does')
    .addOption(
      parsedOption('--erase-ms <ms>', 'datasheet time to erase a sector', time('--erase-ms')),
    )
    .addOption(
      parsedOption(
        '--program-us <us>',
        'datasheet time to program a write unit',
        time('--program-us'),
      ),
    );
}

const layoutHelp = `
The layout comes from --board, from --layout, from --sectors with --primary and --secondary, or, without
any of them, from trying those that are plausible for this dump; which one fitted is said on standard
error. Other options change what it says. Without -k only hashes are checked, not
signatures, unless the board file or the layout names keys.`;

/** What most layouts say themselves, and most bootloaders leave at MCUboot's own. */
const seldom: readonly string[] = [
  '--bootloader',
  '--scratch',
  '--base',
  '--write-unit',
  '--max-align',
  '--max-sectors',
  '--logical-sector-size',
  '--erased-value',
  '--no-validate',
  '--bootstrap',
  '--fast',
  '--keep-backup',
  '--downgrade',
  '--hw-rollback',
  '--counter',
  '--encrypted',
  '--save-enctlv',
  '--guarded',
  '--erase-ms',
  '--program-us',
];

/** Adds what every command on a dump takes. */
export function addDeviceOptions(to: Command): Command {
  inGroup(to, 'Flash and bootloader:', (group) => addBuildOptions(addLayoutOptions(group)));
  return addDetails(rareOnes(to, ...seldom), layoutHelp);
}

/** After which boots the application confirms. */
export interface ConfirmAfter {
  readonly after: (boot: number) => boolean;
  readonly always: boolean;
  /** The last boot that was named; 0 if none was. */
  readonly last: number;
}

/** Reads `--confirm`: always, never, or the boots after which the application confirms. */
export function confirmAfter(text: string): ConfirmAfter {
  if (text === 'always') return { after: () => true, always: true, last: 0 };
  if (text === 'never') return { after: () => false, always: false, last: 0 };
  const boots = new Set(text.split(',').map(wholeNumber('--confirm', [1, 1000])));
  return { after: (boot) => boots.has(boot), always: false, last: Math.max(...boots) };
}
