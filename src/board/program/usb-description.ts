import { DfuError } from '../../bytes/index.ts';
import type { FirmwareDfuFunctional, FirmwareMedium } from '../seams/firmware-dfu.ts';
import type {
  UsbDescriptionMessage,
  UsbDfuModeMessage,
  UsbInterfaceMessage,
  UsbRuntimeMessage,
} from './protocol.ts';

/** Most functions of one program: a configuration has at most 256 interfaces, a board fewer. */
const MOST_FUNCTIONS = 16;
/** Most class-specific descriptors of one interface. */
const MOST_DESCRIPTORS = 32;
/** Most alternate settings of one DFU function. */
const MOST_MEDIA = 16;
/** Most sectors of one RAM disk: 4 MiB. */
const MOST_SECTORS = 8192;
/** A string descriptor holds 126 units at most (USB 2.0 §9.6.7). */
const MOST_UNITS = 126;

/** An interface, its descriptors with it. */
export interface UsbInterface extends Omit<UsbInterfaceMessage, 'descriptorLengths'> {
  readonly descriptors: readonly Uint8Array[];
}

/** A function that a program wants to have, read. */
export type UsbFunctionRead = UsbInterface | UsbRuntimeMessage | UsbDfuModeMessage;

/** A description of a USB device, read. */
export interface UsbDescription extends Omit<UsbDescriptionMessage, 'functions'> {
  readonly functions: readonly UsbFunctionRead[];
}

/** Takes that many of the bytes that came with a description; undefined beyond their end. */
type TakeBytes = (length: number) => Uint8Array | undefined;

type Wild = Readonly<Record<string, unknown>>;

function wrong(name: string, expected: string, got: unknown): DfuError {
  const shown = (JSON.stringify(got) ?? 'nothing').slice(0, 60);
  return new DfuError(
    'INVALID_ARGUMENT',
    `USB device: ${name}: expected ${expected}, got ${shown}`,
  );
}

function wild(name: string, value: unknown): Wild {
  if (typeof value === 'object' && value !== null) return value as Wild;
  throw wrong(name, 'an object', value);
}

function list(name: string, value: unknown, most: number): readonly unknown[] {
  if (Array.isArray(value) && value.length <= most) return value as readonly unknown[];
  throw wrong(name, `a list of at most ${most}`, value);
}

function number(from: Wild, name: string, most: number): number {
  const value = from[name];
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) {
    return value;
  }
  throw wrong(name, `0 to ${most}`, value);
}

function text(from: Wild, name: string): string {
  const value = from[name];
  if (typeof value === 'string' && value.length <= MOST_UNITS) return value;
  throw wrong(name, `text of at most ${MOST_UNITS} characters`, value);
}

function readFunction(value: unknown, take: TakeBytes): UsbFunctionRead {
  const from = wild('function', value);
  const { type } = from;
  switch (type) {
    case 'interface':
      return readInterface(from, take);
    case 'dfu-runtime':
      return readRuntime(from);
    case 'dfu-mode': {
      const media = list('function.media', from['media'], MOST_MEDIA).map(readMedium);
      return { type, media, functional: readFunctional(from['functional']) };
    }
    default:
      throw wrong('function.type', '"interface", "dfu-runtime" or "dfu-mode"', type);
  }
}

function readRuntime(from: Wild): UsbRuntimeMessage {
  const { detach } = from;
  if (detach !== 'bootloader' && detach !== 'message' && detach !== 'program') {
    throw wrong('function.detach', '"bootloader", "message" or a function', detach);
  }
  const name = text(from, 'name');
  const asks = from['asks'] === true;
  const association = from['association'] === true;
  const functional = readFunctional(from['functional']);
  return { type: 'dfu-runtime', name, detach, asks, association, functional };
}

function readFunctional(value: unknown): FirmwareDfuFunctional | undefined {
  if (value === undefined) return undefined;
  const from = wild('functional', value);
  const version = from['bcdDFUVersion'];
  return {
    detachTimeOutMs: number(from, 'detachTimeOutMs', 0xffff),
    transferSizeBytes: number(from, 'transferSizeBytes', 0xffff),
    bcdDFUVersion: version === undefined ? undefined : number(from, 'bcdDFUVersion', 0xffff),
    attributes: readAttributes(from['attributes']),
  };
}

function readAttributes(value: unknown): FirmwareDfuFunctional['attributes'] {
  if (value === undefined) return undefined;
  const bits = Object.entries(wild('attributes', value));
  for (const [name, bit] of bits) {
    if (typeof bit !== 'boolean') throw wrong(`attributes.${name}`, 'true or false', bit);
  }
  return Object.fromEntries(bits);
}

function readMedium(value: unknown): FirmwareMedium {
  const from = wild('medium', value);
  const { type } = from;
  const name = text(from, 'name');
  if (type === 'ram-disk') return { type, name, sectors: number(from, 'sectors', MOST_SECTORS) };
  if (type === 'flash-image') return { type, name, area: text(from, 'area') };
  throw wrong('medium.type', '"ram-disk" or "flash-image"', type);
}

function readInterface(from: Wild, take: TakeBytes): UsbInterface {
  const triple = wild('function.triple', from['triple']);
  const lengths = list('function.descriptors', from['descriptorLengths'], MOST_DESCRIPTORS);
  return {
    type: 'interface',
    name: text(from, 'name'),
    triple: [number(triple, '0', 0xff), number(triple, '1', 0xff), number(triple, '2', 0xff)],
    descriptors: lengths.map((length) => {
      const bytes = Number.isSafeInteger(length) ? take(length as number) : undefined;
      if (bytes !== undefined) return bytes;
      throw wrong('function.descriptors', 'bytes', length);
    }),
    answers: from['answers'] === true,
  };
}

/**
 * Reads what a program says it wants to be; `bytes` are the descriptors of its interfaces, one behind the other. Throws
 * `INVALID_ARGUMENT`.
 */
export function readUsbDescription(
  value: unknown,
  bytes: Uint8Array = new Uint8Array(0),
): UsbDescription {
  let taken = 0;
  const take = (length: number): Uint8Array | undefined => {
    if (length < 0 || length > bytes.length - taken) return undefined;
    taken += length;
    return bytes.slice(taken - length, taken);
  };
  const from = wild('description', value);
  return {
    idVendor: number(from, 'idVendor', 0xffff),
    idProduct: number(from, 'idProduct', 0xffff),
    bcdDevice: number(from, 'bcdDevice', 0xffff),
    manufacturer: text(from, 'manufacturer'),
    product: text(from, 'product'),
    serial: from['serial'] === null ? undefined : text(from, 'serial'),
    configuration: text(from, 'configuration'),
    highSpeedConfiguration: text(from, 'highSpeedConfiguration'),
    selfPowered: from['selfPowered'] === true,
    maxPowerMa: number(from, 'maxPowerMa', 500),
    functions: list('functions', from['functions'], MOST_FUNCTIONS).map((each) =>
      readFunction(each, take),
    ),
  };
}
