import { DfuError, hexNumber } from '../bytes/index.ts';
import { DFU_CLASS, DFU_SUBCLASS, DfuProtocol, readFunctionalDescriptor } from '../dfu/index.ts';
import type { FunctionalDescriptor } from '../dfu/index.ts';
import {
  DIRECTION_IN,
  DescriptorType,
  LANGUAGE_ENGLISH,
  StandardRequest,
  configurationDescriptor,
  decodeConfiguration,
  decodeLanguages,
  decodeString,
} from '../usb/index.ts';
import type {
  CancelSignal,
  Clock,
  Configuration,
  ControlPipe,
  InterfaceSetting,
} from '../usb/index.ts';
import { UNKNOWN } from './dfu-interface.ts';
import type { DfuInterface } from './dfu-interface.ts';

/** Most time that one request for a descriptor may take, in ms. */
const REQUEST_MS = 1000;

/** bLength is one byte: no string descriptor is longer. */
const STRING_BYTES = 255;

/** Where a device says nothing about itself: the least that works with all of them. */
const guessed: FunctionalDescriptor = {
  bmAttributes: {
    canDnload: true,
    canUpload: true,
    manifestationTolerant: false,
    willDetach: false,
    accelerated: false,
  },
  wDetachTimeOut: 1000,
  wTransferSize: 64,
  bcdDFUVersion: 0x0100,
};

/** wTransferSize 0: one packet of endpoint 0, which every device takes. */
const SIZE_FOR_ZERO = 64;
/** wTransferSize 0xffff is a field that nobody filled in; 4096 is what Linux sends such devices. */
const SIZE_FOR_UNSET = 4096;

interface ReadOptions {
  readonly clock: Clock;
  /** When to stop asking this device, in ms on the clock. */
  readonly deadlineMs: number;
  readonly signal?: CancelSignal | undefined;
}

/** The descriptors of one open device, asked for once each and within bounded time. */
class DescriptorReader {
  readonly pipe: ControlPipe;
  readonly #options: ReadOptions;
  readonly #strings = new Map<number, string>();
  #language: number | undefined;

  constructor(pipe: ControlPipe, options: ReadOptions) {
    this.pipe = pipe;
    this.#options = options;
  }

  /** GET_DESCRIPTOR (USB 2.0 §9.4.3). */
  async descriptor(wValue: number, wIndex: number, lengthBytes: number): Promise<Uint8Array> {
    const { clock, deadlineMs, signal } = this.#options;
    const left = deadlineMs - clock.now();
    if (left <= 0) {
      throw new DfuError('TIMEOUT', 'the device takes too long over its descriptors');
    }
    const request = {
      bmRequestType: DIRECTION_IN,
      bRequest: StandardRequest.GET_DESCRIPTOR,
      wValue,
      wIndex,
    };
    const timeoutMs = Math.min(REQUEST_MS, left);
    return this.pipe.controlIn(request, lengthBytes, { timeoutMs, signal });
  }

  /** A string in the device's first language; `UNKNOWN` for index 0 or if it does not come. */
  async string(index: number): Promise<string> {
    if (index === 0) return UNKNOWN;
    const known = this.#strings.get(index);
    if (known !== undefined) return known;
    const value = await this.#read(index);
    this.#strings.set(index, value);
    return value;
  }

  async #read(index: number): Promise<string> {
    const type = DescriptorType.string << 8;
    this.#language ??= await this.#attempt(async () => {
      const [first] = decodeLanguages(await this.descriptor(type, 0, STRING_BYTES));
      return first;
    }, LANGUAGE_ENGLISH);
    const language = this.#language ?? LANGUAGE_ENGLISH;
    const read = async (): Promise<string> =>
      decodeString(await this.descriptor(type | index, language, STRING_BYTES));
    return (await this.#attempt(read, UNKNOWN)) || UNKNOWN;
  }

  async #attempt<T>(read: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (!DfuError.is(error) || endsReading(error)) throw error;
      return otherwise;
    }
  }
}

/** A device that has left, or a caller who has given up, is asked nothing more. */
function endsReading(error: DfuError): boolean {
  return error.code === 'DISCONNECTED' || error.code === 'ABORTED';
}

/** The string of that index, or undefined; never fails, never takes long. */
export async function readString(
  pipe: ControlPipe,
  index: number,
  options: ReadOptions,
): Promise<string | undefined> {
  try {
    const value = await new DescriptorReader(pipe, options).string(index);
    return value === UNKNOWN ? undefined : value;
  } catch (error) {
    if (DfuError.is(error)) return undefined;
    throw error;
  }
}

/**
 * All DFU interfaces of an open device. Descriptors that lie are survived; what was made of them is in
 * the entries' notes. Throws `DISCONNECTED`, `ABORTED`, or what kept it from reading anything at all.
 */
export async function readDfuInterfaces(
  pipe: ControlPipe,
  options: ReadOptions,
): Promise<DfuInterface[]> {
  const reader = new DescriptorReader(pipe, options);
  const count = pipe.device.descriptor.bNumConfigurations;
  const entries: DfuInterface[] = [];
  let failure: DfuError | undefined;
  for (let index = 0; index < count; index += 1) {
    try {
      const notes: string[] = [];
      const configuration = await readConfiguration(reader, index, notes);
      for (const setting of dfuSettings(configuration)) {
        entries.push(await readSetting(reader, configuration, setting, notes));
      }
    } catch (error) {
      if (!DfuError.is(error) || endsReading(error)) throw error;
      failure ??= error;
      if (error.code === 'TIMEOUT') break;
    }
  }
  if (entries.length === 0 && failure !== undefined) throw failure;
  return entries;
}

async function readConfiguration(
  reader: DescriptorReader,
  index: number,
  notes: string[],
): Promise<Configuration> {
  const wValue = (DescriptorType.configuration << 8) | index;
  const head = await reader.descriptor(wValue, 0, configurationDescriptor.size);
  const { wTotalLength } = configurationDescriptor.decode(head);
  const length = Math.max(wTotalLength, configurationDescriptor.size);
  const bytes = await reader.descriptor(wValue, 0, length);
  return decodeConfiguration(bytes, (problem) => notes.push(problem.message));
}

function isDfu({ descriptor }: InterfaceSetting): boolean {
  const { bInterfaceClass, bInterfaceSubClass } = descriptor;
  return bInterfaceClass === DFU_CLASS && bInterfaceSubClass === DFU_SUBCLASS;
}

function dfuSettings(configuration: Configuration): InterfaceSetting[] {
  return configuration.settings.filter(isDfu);
}

async function readSetting(
  reader: DescriptorReader,
  configuration: Configuration,
  setting: InterfaceSetting,
  configurationNotes: readonly string[],
): Promise<DfuInterface> {
  const { bInterfaceNumber, bAlternateSetting, bInterfaceProtocol, iInterface } =
    setting.descriptor;
  const { device } = reader.pipe;
  const { idVendor, idProduct, bcdDevice, iSerialNumber } = device.descriptor;
  const notes = [...configurationNotes];
  const found = await findFunctional(reader, configuration, setting, notes);
  return {
    mode: bInterfaceProtocol === DfuProtocol.dfuMode ? 'dfu' : 'runtime',
    deviceId: device.id,
    location: device.location,
    speed: device.speed,
    idVendor,
    idProduct,
    bcdDevice,
    serial: await reader.string(iSerialNumber),
    configuration: configuration.descriptor.bConfigurationValue,
    interfaceNumber: bInterfaceNumber,
    alternate: bAlternateSetting,
    alternates: dfuSettings(configuration).filter(
      (other) => other.descriptor.bInterfaceNumber === bInterfaceNumber,
    ).length,
    name: await reader.string(iInterface),
    functional: repair(found ?? guessed, notes),
    functionalFound: found !== undefined,
    notes,
  };
}

/**
 * The functional descriptor: behind this setting, behind another of the same interface (most devices
 * write it once), behind another DFU interface, in front of them all, or by a request of its own. HID
 * uses the same type number, so it is looked for in no other interface.
 */
async function findFunctional(
  reader: DescriptorReader,
  configuration: Configuration,
  setting: InterfaceSetting,
  notes: string[],
): Promise<FunctionalDescriptor | undefined> {
  const number = setting.descriptor.bInterfaceNumber;
  const settings = dfuSettings(configuration);
  const same = settings.filter((other) => other.descriptor.bInterfaceNumber === number);
  const places = [setting, ...same, ...settings, configuration];
  for (const { bytes, type } of places.flatMap((place) => place.extra)) {
    if (type !== DescriptorType.dfuFunctional) continue;
    const found = decodeFunctional(bytes, notes);
    if (found !== undefined) return found;
  }
  try {
    const bytes = await reader.descriptor(DescriptorType.dfuFunctional << 8, 0, 9);
    const found = decodeFunctional(bytes, notes);
    if (found !== undefined) return found;
  } catch (error) {
    if (!DfuError.is(error) || endsReading(error)) throw error;
  }
  const taken = `DFU 1.0 and blocks of ${guessed.wTransferSize} bytes are taken`;
  notes.push(`the device has no DFU functional descriptor: ${taken}`);
  return undefined;
}

function decodeFunctional(bytes: Uint8Array, notes: string[]): FunctionalDescriptor | undefined {
  try {
    return readFunctionalDescriptor(bytes);
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    if (!notes.includes(error.message)) notes.push(error.message);
    return undefined;
  }
}

function repair(functional: FunctionalDescriptor, notes: string[]): FunctionalDescriptor {
  const { wTransferSize } = functional;
  if (wTransferSize !== 0 && wTransferSize !== 0xffff) return functional;
  const repaired = wTransferSize === 0 ? SIZE_FOR_ZERO : SIZE_FOR_UNSET;
  const wrong = `DFU functional descriptor.wTransferSize: ${hexNumber(wTransferSize)}`;
  notes.push(`${wrong} makes no sense, ${repaired} is taken`);
  return { ...functional, wTransferSize: repaired };
}
