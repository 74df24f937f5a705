import { Option } from 'commander';
import type { Command } from 'commander';
import { parseAlternate, parseDeviceIds, parseSerials } from '../../host/index.ts';
import type {
  Allowance,
  DfuSeModifiers,
  Dialect,
  Selection,
  TimeLimits,
} from '../../host/index.ts';
import { DfuError, didYouMean } from '../../bytes/index.ts';
import { BUS_FORMS } from './bus.ts';
import { addQuirkOptions } from './quirk-options.ts';
import type { QuirkOptions } from './quirk-options.ts';
import { parseTimeLimits } from './time-options.ts';
import { parseDfuSeAddress } from './dfuse-address.ts';
import { seconds, wholeNumber } from '../shared/numbers.ts';
import { inGroup, rareOnes } from '../shared/rare-options.ts';
import { addTraceOptions } from './trace-options.ts';
import type { TraceOptions } from './trace-options.ts';

/** What the commands that talk to a device have in common, as commander reads it. */
export interface DeviceOptions extends QuirkOptions, TraceOptions {
  readonly bus: readonly string[];
  readonly json?: true | undefined;
  readonly device?: Pick<Selection, 'ids' | 'runtime' | 'dfu'> | undefined;
  readonly alt?: number | string | undefined;
  readonly serial?: Pick<Selection, 'runtimeSerial' | 'dfuSerial'> | undefined;
  readonly path?: string | undefined;
  readonly devnum?: number | undefined;
  readonly cfg?: number | undefined;
  readonly intf?: number | undefined;
  readonly timeout?: TimeLimits | undefined;
}

const byte = [0, 255] as const;

/** One pair is for run-time alone, as in dfu-util: any device in DFU mode is taken too. */
function dfuUtilIds(text: string): ReturnType<typeof parseDeviceIds> {
  return parseDeviceIds(text.includes(',') ? text : `${text},*:*`);
}

/** What is looked at if nobody says which bus. */
const NATIVE: readonly string[] = ['native'];

/** `--bus`, the same for each command that looks for a device. */
export function busOption(): Option {
  return new Option('--bus <bus>', `${BUS_FORMS}; repeatable`)
    .env('DFUKIT_BUS')
    .argParser((text: string, before: readonly string[]) => [
      ...(before === NATIVE ? [] : before),
      // Several in DFUKIT_BUS.
      ...text.split(/[\s,]+/).filter((each) => each !== ''),
    ])
    .default(NATIVE, 'native');
}

/** Adds `--bus`, `--json` and dfu-util's options that say which device is meant. */
export function addDeviceOptions(command: Command): Command {
  inGroup(command, 'Which device:', addWhich)
    .option(
      '--timeout <limits>',
      'most seconds for one control transfer (default: 5; 35 at least behind what erases everything), with which others grow; ' +
        'or of a phase: descriptors, transfer, erase, busy, manifest, return, e.g. erase=60,transfer=10',
      parseTimeLimits,
    )
    .option('--json', 'one JSON object a line instead of text');
  addQuirkOptions(command);
  addTraceOptions(command);
  return rareOnes(command, '--devnum', '--cfg', '--intf', '--timeout');
}

function addWhich(command: Command): Command {
  return command
    .option(
      '-d, --device <ids>',
      'VENDOR:PRODUCT[,VENDOR:PRODUCT] in hex: run-time and DFU mode; * any, - none; ' +
        'with one pair, any device in DFU mode is taken too',
      dfuUtilIds,
    )
    .option('-a, --alt <alt>', 'alternate setting, by number or by name', parseAlternate)
    .option('-S, --serial <serial>', 'serial number: RUN-TIME[,DFU]', parseSerials)
    .option('-p, --path <path>', 'bus and ports, e.g. 1-4.2')
    .option('-n, --devnum <n>', 'device number on its bus', wholeNumber('--devnum', [0, 65535]))
    .option('-c, --cfg <n>', 'bConfigurationValue', wholeNumber('--cfg', byte))
    .option('-i, --intf <n>', 'interface number', wholeNumber('--intf', byte))
    .addOption(busOption());
}

/** Options of the commands that open a device. */
export interface OpenOptions extends DeviceOptions {
  readonly wait?: true | undefined;
  readonly detachDelay?: number | undefined;
}

/** Adds what the commands that open a device have besides. */
export function addOpenOptions(command: Command): Command {
  addDeviceOptions(command)
    .option('-w, --wait', 'wait until such a device is plugged in')
    .option(
      '-E, --detach-delay <seconds>',
      'most time for a device to come back in DFU mode (default: 10)',
      seconds('--detach-delay', 3600),
    );
  return rareOnes(command, '--detach-delay');
}

/** Options of the commands that move bytes. */
export interface TransferOptions extends OpenOptions {
  readonly reset?: true | undefined;
  readonly transferSize?: number | undefined;
  readonly protocol?: Dialect | undefined;
  readonly dfuseAddress?: DfuSeModifiers | undefined;
  readonly allow?: readonly Allowance[] | undefined;
  readonly force?: true | undefined;
  readonly busyLimit?: number | undefined;
  readonly pollTime?: number | undefined;
}

/** Adds what the commands that move bytes have besides. */
export function addTransferOptions(command: Command, allowances: readonly Allowance[]): Command {
  addOpenOptions(command)
    .option('-R, --reset', 'afterwards, ask the device to leave DFU mode')
    .option(
      '-t, --transfer-size <bytes>',
      'bytes in a block, instead of what the device says',
      wholeNumber('--transfer-size', [1, 65535]),
    )
    .option(
      '-s, --dfuse-address <address>',
      'DfuSe: ADDRESS[:leave][:mass-erase][:unprotect][:will-reset][:force][:LENGTH]',
      parseDfuSeAddress,
    )
    .addOption(
      new Option('--protocol <protocol>', 'what is spoken, whatever the device says').choices([
        'dfu',
        'dfuse',
      ]),
    )
    .option(
      '--allow <what>',
      `go past one thing that would be refused, and tell it; may be given again: ${allowances.join(', ')}`,
      (text: string, before: readonly Allowance[] | undefined) => [
        ...(before ?? []),
        allowance(text, allowances),
      ],
    )
    .option(
      '--busy-limit <seconds>',
      'most time that the device may be busy with one block or command (default: 120)',
      seconds('--busy-limit', 86_400),
    )
    .option(
      '--poll-time <ms>',
      'how long to wait between two questions to a busy device, whatever it asks for',
      wholeNumber('--poll-time', [0, 60_000]),
    );
  return rareOnes(command, '--transfer-size', '--protocol', '--busy-limit', '--poll-time');
}

function allowance(text: string, allowances: readonly Allowance[]): Allowance {
  const found = allowances.find((each) => each === text);
  if (found !== undefined) return found;
  const message = `--allow: expected ${allowances.join(', ')}, got "${text}"${didYouMean(text, allowances)}`;
  throw new DfuError('INVALID_ARGUMENT', message);
}

/**
 * What `-s` and `--protocol` ask for together: -s means DfuSe. Throws `INVALID_ARGUMENT` if they
 * contradict each other.
 */
export function dialectOf({ protocol, dfuseAddress }: TransferOptions): Dialect | undefined {
  if (protocol === 'dfu' && dfuseAddress !== undefined) {
    throw new DfuError(
      'INVALID_ARGUMENT',
      '-s is for DfuSe, and --protocol dfu asks for plain DFU',
    );
  }
  return protocol ?? (dfuseAddress === undefined ? undefined : 'dfuse');
}

/** What `--force` and the `force` of `-s` mean together: the latter is the memory alone. */
export function forceOf({ force, dfuseAddress }: TransferOptions): boolean | 'memory' {
  return force ?? (dfuseAddress?.force === true ? 'memory' : false);
}

/** The host's words for these options. */
export function selectionOf(options: DeviceOptions): Selection {
  return {
    ...options.device,
    ...options.serial,
    path: options.path,
    address: options.devnum,
    // dfu-util takes 0 for "any" here: no configuration has that value.
    configuration: options.cfg === 0 ? undefined : options.cfg,
    interfaceNumber: options.intf,
    alternate: options.alt,
  };
}
