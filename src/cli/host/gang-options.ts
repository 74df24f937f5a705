import type { Command } from 'commander';
import { DfuError, cNumber } from '../../bytes/index.ts';
import { parseInjectFormat } from '../../gang/index.ts';
import type { InjectField, InjectFormat, InjectTable } from '../../gang/index.ts';
import type { ApplicationOptions } from './application-options.ts';
import { parseSerials } from '../../host/index.ts';
import type { Selection } from '../../host/index.ts';
import { seconds, wholeNumber } from '../shared/numbers.ts';
import { rare } from '../shared/rare-options.ts';

type Serials = Pick<Selection, 'runtimeSerial' | 'dfuSerial'>;

/** Options for many devices at once, as commander reads them. */
export interface GangCommandOptions {
  readonly all?: true | undefined;
  readonly watch?: number | true | undefined;
  readonly jobs?: number | undefined;
  readonly retry?: number | undefined;
  readonly inject?: readonly InjectField[] | undefined;
  readonly injectCsv?: string | undefined;
  readonly injectMatch?: NonNullable<InjectTable['match']> | undefined;
  readonly journal?: string | undefined;
  readonly skipDone?: true | undefined;
  readonly settle?: number | undefined;
  /** All that `-S` and `-p` were given, each time. */
  readonly serials?: readonly Serials[] | undefined;
  readonly paths?: readonly string[] | undefined;
}

/** Adds the options for many devices at once. */
export function addGangOptions(command: Command): Command {
  const collect = (name: string, read: (text: string) => unknown): void => {
    const key = `${name}s`;
    command.on(`option:${name}`, (text: string) => {
      const before = (command.getOptionValue(key) ?? []) as readonly unknown[];
      command.setOptionValue(key, [...before, read(text)]);
    });
  };
  collect('serial', parseSerials);
  collect('path', (text) => text);
  const option = command.createOption.bind(command);
  const count = (name: string, least: number) => wholeNumber(name, [least, 1_000_000]);
  return command
    .option('--all', 'every device that matches, all at once')
    .addOption(
      option('--watch [count]', 'flash whatever is plugged in, until Ctrl-C').argParser(watchCount),
    )
    .addOption(rare(option('--journal <file>', 'who got what; no value is given twice')))
    .addOption(
      rare(
        option(
          '--inject <address:what>',
          'what each unit has of its own; may be given again',
        ).argParser((text: string, before: readonly InjectField[] | undefined) => [
          ...(before ?? []),
          parseInject(text),
        ]),
      ),
    )
    .addOption(
      rare(
        option('--inject-csv <file>', 'the table for csv:COLUMN: a head and a row for each unit'),
      ),
    )
    .addOption(
      rare(
        option(
          '--inject-match <serial|path=column>',
          'the column that names the unit; without it each takes the next free row',
        ).argParser(parseMatch),
      ),
    )
    .addOption(
      rare(
        option('--retry <n>', 'how often a unit that fails is tried again').argParser(
          count('--retry', 0),
        ),
      ),
    )
    .addOption(rare(option('--jobs <n>', 'devices at a time').argParser(count('--jobs', 1))))
    .addOption(
      rare(
        option(
          '--settle <seconds>',
          'of --watch: how long a board without serial number may take to start anew (default: 10)',
        ).argParser(seconds('--settle', 3600)),
      ),
    )
    .addOption(rare(option('--skip-done', 'leave units alone that have this file by the journal')));
}

function watchCount(text: string): number {
  if (cNumber(text) !== undefined) return wholeNumber('--watch', [1, 1_000_000])(text);
  const message = `--watch: expected a number of units or nothing, got "${text}"; a file stands before it`;
  throw new DfuError('INVALID_ARGUMENT', message);
}

/** What `--help-all` says of `--inject`. */
export const INJECT_HELP = `
--inject ADDRESS:WHAT[:FORMAT], may be given again. ADDRESS is in the device's memory where the file says addresses or
-s does, else an offset in the file. WHAT is
  counter:START   one more for each unit: 1000, 0001 (four digits), SN-0001
  csv:COLUMN      of the unit's row in --inject-csv, given to one unit; shared:COLUMN may repeat
  serial          the serial number that the device has at USB
FORMAT is text (default), textN (N bytes, filled up with zeros), hex, hexN, u8, u16le, u32le, u64le, u16be, u32be, u64be.
Where the hash of an MCUboot image or the checksum of a riotboot header would break it is refused; --force does it.
`;

const forms =
  'expected ADDRESS:counter:START[:FORMAT], ADDRESS:csv:COLUMN[:FORMAT], ADDRESS:shared:COLUMN[:FORMAT] or ADDRESS:serial[:FORMAT]';

function parseInject(text: string): InjectField {
  const wrong = (): DfuError =>
    new DfuError('INVALID_ARGUMENT', `--inject: ${forms}, got "${text}"`);
  const [address = '', what = '', ...rest] = text.split(':');
  const at = cNumber(address);
  if (at === undefined || at >= 2 ** 32) throw wrong();
  if (what === 'serial') return { at, format: formatOf(rest), source: { from: 'serial' } };
  const [value = '', ...format] = rest;
  if (value === '') throw wrong();
  switch (what) {
    case 'counter':
      return { at, format: formatOf(format), source: { from: 'counter', start: value } };
    case 'csv':
    case 'shared': {
      const shared = what === 'shared';
      return { at, format: formatOf(format), source: { from: 'csv', column: value, shared } };
    }
    default:
      throw wrong();
  }
}

function formatOf([format = 'text', ...more]: readonly string[]): InjectFormat {
  if (more.length > 0) throw new DfuError('INVALID_ARGUMENT', `--inject: ${forms}`);
  return parseInjectFormat(format);
}

function parseMatch(text: string): NonNullable<InjectTable['match']> {
  const [, by, column] = /^(serial|path)=(.+)$/s.exec(text) ?? [];
  if (column !== undefined && (by === 'serial' || by === 'path')) return { by, column };
  const message = `--inject-match: expected serial=COLUMN or path=COLUMN, got "${text}"`;
  throw new DfuError('INVALID_ARGUMENT', message);
}

/** Whether many devices are meant, or one in the way of many. Throws `INVALID_ARGUMENT` for what makes no sense together. */
export function isGang(
  options: GangCommandOptions & Pick<ApplicationOptions, 'expectSerial'>,
): boolean {
  const { all, watch, serials = [], paths = [] } = options;
  const { inject, injectCsv, injectMatch, journal, skipDone, jobs, retry } = options;
  const demand = (holds: boolean, message: string): void => {
    if (!holds) throw new DfuError('INVALID_ARGUMENT', message);
  };
  demand(injectMatch === undefined || injectCsv !== undefined, '--inject-match needs --inject-csv');
  const usesTable = inject?.some(({ source }) => source.from === 'csv') === true;
  demand(!usesTable || injectCsv !== undefined, 'csv:COLUMN in --inject needs --inject-csv');
  demand(usesTable || injectCsv === undefined, '--inject-csv needs --inject ADDRESS:csv:COLUMN');
  demand(skipDone === undefined || journal !== undefined, '--skip-done needs --journal');
  const several = all === true || watch !== undefined || serials.length > 1 || paths.length > 1;
  const wants = [inject, journal, jobs, retry].some((each) => each !== undefined);
  const isNamed = serials.length + paths.length > 0;
  demand(
    !several || options.expectSerial === undefined,
    '--expect-serial is for one device: no two have the same',
  );
  demand(
    several || isNamed || !wants,
    '--inject, --journal, --retry and --jobs need to know for which devices: --all, --watch, -S or -p',
  );
  return several || wants;
}

/** Each device, or kind of devices, that is meant. */
export function whichOf(
  { serials = [], paths = [], all, watch }: GangCommandOptions,
  selection: Selection,
): readonly Selection[] {
  const base = withoutStrangers(selection);
  const isFilter = all === true || watch !== undefined;
  if (isFilter && serials.length <= 1 && paths.length <= 1) return [base];
  if (serials.length <= 1 && paths.length <= 1) return [base];
  const { runtimeSerial: _, dfuSerial: __, path: ___, ...rest } = base;
  return [
    ...serials.map((each) => ({ ...rest, ...each })),
    ...paths.map((path) => ({ ...rest, path })),
  ];
}

/**
 * One pair of ids lets any device in DFU mode match, as in dfu-util. Where all that match are flashed that would be every
 * DFU device there is: here it is the device that has these ids.
 */
function withoutStrangers(selection: Selection): Selection {
  const { runtime, dfu, ...rest } = selection;
  const isOpen = dfu?.vendor === 'any' && dfu.product === 'any';
  return isOpen && runtime !== undefined ? { ...rest, ids: runtime } : selection;
}
