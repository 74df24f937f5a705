import { DfuError, cNumber } from '../bytes/index.ts';
import { idDigits, parseIdNumber } from '../usb/index.ts';
import type { PortLocation, UsbId } from '../usb/index.ts';
import type { DfuInterface } from './dfu-interface.ts';

/** A number, or any, or none at all. */
export type IdPattern = number | 'any' | 'none';

export interface IdPair {
  readonly vendor: IdPattern;
  readonly product: IdPattern;
}

/** Which DFU interfaces are meant; what is absent is not asked for. As dfu-util's options. */
export interface Selection {
  /**
   * Ids in whichever mode the device is found in. What was found so in run-time mode is known by its port
   * afterwards, whatever its ids are in DFU mode.
   */
  readonly ids?: IdPair | undefined;
  /** Ids in run-time mode. */
  readonly runtime?: IdPair | undefined;
  /** Ids in DFU mode. */
  readonly dfu?: IdPair | undefined;
  /** Serial number in run-time mode. */
  readonly runtimeSerial?: string | undefined;
  /** Serial number in DFU mode. */
  readonly dfuSerial?: string | undefined;
  /** Bus and port chain, `1-4.2`; of several buses that are open as one, with or without the station in front. */
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
 * alone is the device in whichever mode it is; a comma in front leaves out run-time; with both pairs, what
 * the second lacks is as in the first. Throws `INVALID_ARGUMENT`.
 *
 * dfu-util takes one pair for run-time alone, and any device at all that is in DFU mode. Whoever wants
 * that says so: `1209:7d00,*:*`.
 */
export function parseDeviceIds(text: string): Pick<Selection, 'ids' | 'runtime' | 'dfu'> {
  const [first = '', second, ...more] = text.split(',');
  if (more.length > 0) {
    throw new DfuError('INVALID_ARGUMENT', `device ids: expected at most one comma, got "${text}"`);
  }
  if (second === undefined) return { ids: idPair(first, anyId) };
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

/** A number if it is one in C, 0x1 say, else a name. Throws `INVALID_ARGUMENT` above 255. */
export function parseAlternate(text: string): number | string {
  if (text === '') {
    throw new DfuError(
      'INVALID_ARGUMENT',
      'alternate setting: expected a number or a name, got ""',
    );
  }
  const number = cNumber(text);
  if (number === undefined) return text;
  if (number > 255) {
    const range = `expected 0 to 255 or a name, got ${text}`;
    throw new DfuError('INVALID_ARGUMENT', `alternate setting: ${range}`);
  }
  return number;
}

function fits(pattern: IdPattern, value: number): boolean {
  return pattern === 'any' || pattern === value;
}

/** Whether such ids are meant. */
export function fitsPair(pair: IdPair | undefined, ids: UsbId): boolean {
  return (
    pair === undefined || (fits(pair.vendor, ids.idVendor) && fits(pair.product, ids.idProduct))
  );
}

function fitsValue<T>(wanted: T | undefined, value: T): boolean {
  return wanted === undefined || wanted === value;
}

/** Without its station a path is meant at every station. */
function fitsPath(wanted: string | undefined, { path, station }: Place): boolean {
  if (wanted === undefined || wanted === path) return true;
  return station !== undefined && `${station}/${wanted}` === path;
}

type Place = Pick<PortLocation, 'path' | 'station'>;

/** What a bus knows of a device before anybody opens it. */
interface KnownBeforeOpening {
  readonly location: Place & { readonly address: number };
  readonly descriptor: UsbId;
}

/** False if nothing that such a device may turn out to have can be meant: it need not be opened. */
export function mayMatch(
  selection: Selection,
  { location, descriptor }: KnownBeforeOpening,
): boolean {
  return (
    fitsPath(selection.path, location) &&
    fitsValue(selection.address, location.address) &&
    fitsPair(selection.ids, descriptor) &&
    (fitsPair(selection.runtime, descriptor) || fitsPair(selection.dfu, descriptor))
  );
}

/** Whether this is (one of) what is meant. */
export function matches(selection: Selection, entry: DfuInterface): boolean {
  const inDfuMode = entry.mode === 'dfu';
  return (
    fitsPath(selection.path, entry.location) &&
    fitsValue(selection.address, entry.location.address) &&
    fitsValue(selection.configuration, entry.configuration) &&
    fitsValue(selection.interfaceNumber, entry.interfaceNumber) &&
    fitsPair(selection.ids, entry) &&
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
export function afterDetach({ dfu, dfuSerial, alternate }: Selection): Selection {
  return { runtime: noId, dfu, dfuSerial, alternate };
}

/** `1209:7d02`, with `*` for any; undefined where any device is meant. */
export function formatIdPair(pair: IdPair | undefined): string | undefined {
  if (pair === undefined || (pair.vendor === 'any' && pair.product === 'any')) return undefined;
  const part = (id: IdPattern): string => {
    if (id === 'any') return '*';
    return id === 'none' ? '-' : idDigits(id);
  };
  return `${part(pair.vendor)}:${part(pair.product)}`;
}

/** Whether these ids, and no others, are asked for. */
export function isExactly(pair: IdPair | undefined, ids: UsbId): boolean {
  return pair?.vendor === ids.idVendor && pair.product === ids.idProduct;
}

/** The entries that match. */
export function select(entries: readonly DfuInterface[], selection: Selection): DfuInterface[] {
  return entries.filter((entry) => matches(selection, entry));
}
