import { DfuError } from '../bytes/index.ts';
import { parseIdNumber } from '../usb/index.ts';
import type { UsbId } from '../usb/index.ts';
import type { DfuInterface } from './dfu-interface.ts';
import { listLine } from './dfu-interface.ts';

/** A number, or any, or none at all. */
export type IdPattern = number | 'any' | 'none';

export interface IdPair {
  readonly vendor: IdPattern;
  readonly product: IdPattern;
}

/** Which DFU interfaces are meant; what is absent is not asked for. As dfu-util's options. */
export interface Selection {
  /** Ids in run-time mode. */
  readonly runtime?: IdPair | undefined;
  /** Ids in DFU mode. */
  readonly dfu?: IdPair | undefined;
  /** Serial number in run-time mode. */
  readonly runtimeSerial?: string | undefined;
  /** Serial number in DFU mode. */
  readonly dfuSerial?: string | undefined;
  /** Bus and port chain, `1-4.2`. */
  readonly path?: string | undefined;
  /** Address on the bus (dfu-util's devnum). */
  readonly address?: number | undefined;
  /** bConfigurationValue. */
  readonly configuration?: number | undefined;
  readonly interfaceNumber?: number | undefined;
  /** bAlternateSetting, or the name of one; asked of DFU mode only. */
  readonly alternate?: number | string | undefined;
}

const anyId: IdPair = { vendor: 'any', product: 'any' };
const noId: IdPair = { vendor: 'none', product: 'none' };

function idPattern(text: string, absent: IdPattern): IdPattern {
  if (text === '') return absent;
  if (text === '*') return 'any';
  if (text === '-') return 'none';
  const id = parseIdNumber(text);
  if (id !== undefined) return id;
  const forms = 'expected one to four hex digits, "*" for any or "-" for none';
  throw new DfuError('INVALID_ARGUMENT', `device ids: ${forms}, got "${text}"`);
}

function idPair(text: string, absent: IdPair): IdPair {
  const [vendor = '', product = '', ...more] = text.split(':');
  if (more.length > 0) {
    throw new DfuError('INVALID_ARGUMENT', `device ids: expected VENDOR:PRODUCT, got "${text}"`);
  }
  return { vendor: idPattern(vendor, absent.vendor), product: idPattern(product, absent.product) };
}

/**
 * `VENDOR:PRODUCT[,VENDOR:PRODUCT]` in hex, for run-time and for DFU mode; `*` any, `-` none. One pair
 * alone is for run-time, and any device in DFU mode is taken; a comma in front leaves out run-time;
 * with both pairs, what the second lacks is as in the first. Throws `INVALID_ARGUMENT`.
 */
export function parseDeviceIds(text: string): Required<Pick<Selection, 'runtime' | 'dfu'>> {
  const [first = '', second, ...more] = text.split(',');
  if (more.length > 0) {
    throw new DfuError('INVALID_ARGUMENT', `device ids: expected at most one comma, got "${text}"`);
  }
  if (second === undefined) return { runtime: idPair(first, anyId), dfu: anyId };
  if (first === '') return { runtime: noId, dfu: idPair(second, anyId) };
  const runtime = idPair(first, anyId);
  return { runtime, dfu: idPair(second, runtime) };
}

/** `SERIAL[,SERIAL]`: one for both modes, or one each; an empty one is any. */
export function parseSerials(text: string): Pick<Selection, 'runtimeSerial' | 'dfuSerial'> {
  const comma = text.indexOf(',');
  const runtimeSerial = comma < 0 ? text : text.slice(0, comma);
  const dfuSerial = comma < 0 ? text : text.slice(comma + 1);
  return {
    runtimeSerial: runtimeSerial === '' ? undefined : runtimeSerial,
    dfuSerial: dfuSerial === '' ? undefined : dfuSerial,
  };
}

/** A number if it is all digits, else a name. Throws `INVALID_ARGUMENT` above 255. */
export function parseAlternate(text: string): number | string {
  if (text === '') {
    throw new DfuError(
      'INVALID_ARGUMENT',
      'alternate setting: expected a number or a name, got ""',
    );
  }
  if (!/^\d+$/.test(text)) return text;
  const number = Number(text);
  if (number > 255) {
    const range = `expected 0 to 255 or a name, got ${text}`;
    throw new DfuError('INVALID_ARGUMENT', `alternate setting: ${range}`);
  }
  return number;
}

function fits(pattern: IdPattern, value: number): boolean {
  return pattern === 'any' || pattern === value;
}

function fitsPair(pair: IdPair | undefined, ids: UsbId): boolean {
  return (
    pair === undefined || (fits(pair.vendor, ids.idVendor) && fits(pair.product, ids.idProduct))
  );
}

function fitsValue<T>(wanted: T | undefined, value: T): boolean {
  return wanted === undefined || wanted === value;
}

/** What a bus knows of a device before anybody opens it. */
interface KnownBeforeOpening {
  readonly location: { readonly path: string; readonly address: number };
  readonly descriptor: UsbId;
}

/** False if nothing that such a device may turn out to have can be meant: it need not be opened. */
export function mayMatch(
  selection: Selection,
  { location, descriptor }: KnownBeforeOpening,
): boolean {
  return (
    fitsValue(selection.path, location.path) &&
    fitsValue(selection.address, location.address) &&
    (fitsPair(selection.runtime, descriptor) || fitsPair(selection.dfu, descriptor))
  );
}

/** Whether this is (one of) what is meant. */
export function matches(selection: Selection, entry: DfuInterface): boolean {
  const inDfuMode = entry.mode === 'dfu';
  return (
    fitsValue(selection.path, entry.location.path) &&
    fitsValue(selection.address, entry.location.address) &&
    fitsValue(selection.configuration, entry.configuration) &&
    fitsValue(selection.interfaceNumber, entry.interfaceNumber) &&
    fitsPair(inDfuMode ? selection.dfu : selection.runtime, entry) &&
    fitsValue(inDfuMode ? selection.dfuSerial : selection.runtimeSerial, entry.serial) &&
    (!inDfuMode || fitsAlternate(selection.alternate, entry))
  );
}

function fitsAlternate(wanted: Selection['alternate'], entry: DfuInterface): boolean {
  if (wanted === undefined) return true;
  return typeof wanted === 'number' ? wanted === entry.alternate : wanted === entry.name;
}

/** What is meant once the device has gone from run-time to DFU mode: it is known by its port then. */
export function afterDetach(selection: Selection): Selection {
  const { path: _path, address: _address, configuration: _cfg, ...rest } = selection;
  const { interfaceNumber: _interface, ...kept } = rest;
  return { ...kept, runtime: noId };
}

/** The entries that match. */
export function select(entries: readonly DfuInterface[], selection: Selection): DfuInterface[] {
  return entries.filter((entry) => matches(selection, entry));
}

/**
 * The one entry that matches. Throws `NOT_FOUND` or `AMBIGUOUS`; the message lists what is there, and
 * `remedies` has what would tell them apart. `problems` are reasons why something may be missing.
 */
export function selectOne(
  entries: readonly DfuInterface[],
  selection: Selection,
  problems: readonly string[] = [],
): DfuInterface {
  const found = select(entries, selection);
  const [first, ...others] = found;
  if (first === undefined) throw notFound(entries, problems);
  if (others.length > 0) throw ambiguous(found);
  return first;
}

function notFound(entries: readonly DfuInterface[], problems: readonly string[]): DfuError {
  const hint = problems.length === 0 ? '' : `\nNot looked into:${list(problems)}`;
  if (entries.length === 0) {
    return new DfuError('NOT_FOUND', `No DFU capable USB device available${hint}`);
  }
  const message = `No DFU interface matches; there is:${lines(entries)}${hint}`;
  return new DfuError('NOT_FOUND', message);
}

function ambiguous(found: readonly DfuInterface[]): DfuError {
  const oneDevice = new Set(found.map((entry) => entry.deviceId)).size === 1;
  const serials = new Set(found.map((entry) => entry.serial));
  const which = oneDevice ? 'alternate setting' : 'device';
  const message = `More than one DFU interface matches: say which ${which}.${lines(found)}`;
  const remedies = oneDevice
    ? (['alternate'] as const)
    : serials.size > 1
      ? (['serial', 'path'] as const)
      : (['path'] as const);
  return new DfuError('AMBIGUOUS', message, { remedies });
}

/** Lines of a message end somewhere, however much a bus has. */
const MOST_LINES = 20;

function lines(entries: readonly DfuInterface[]): string {
  return list(entries.map(listLine));
}

function list(all: readonly string[]): string {
  const shown = all.slice(0, MOST_LINES).map((line) => `\n  ${line}`);
  const left = all.length - shown.length;
  return shown.join('') + (left > 0 ? `\n  and ${left} more` : '');
}
