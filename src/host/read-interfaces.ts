import { DfuError } from '../bytes/index.ts';
import { DFU_CLASS, DFU_SUBCLASS, DfuProtocol } from '../dfu/index.ts';
import type { FunctionalDescriptor } from '../dfu/index.ts';
import { DescriptorType, configurationDescriptor, decodeConfiguration } from '../usb/index.ts';
import type { Configuration, ControlPipe, InterfaceSetting } from '../usb/index.ts';
import { DescriptorReader, endsReading } from './descriptor-reader.ts';
import type { ReadLimits } from './descriptor-reader.ts';
import type { DfuInterface } from './dfu-interface.ts';
import { FunctionalFinder } from './functional-finder.ts';
import { Notes } from './notes.ts';
import { gd32Layout, quirksFor } from './quirks/index.ts';
import type { AppliedQuirk, QuirkSubject } from './quirks/index.ts';

/** The most configurations that are read; Linux has the same bound (USB_MAXCONFIG). */
const MOST_CONFIGURATIONS = 8;

/** The most DFU settings of one device that are told of. */
const MOST_SETTINGS = 256;

/**
 * All DFU interfaces of an open device. Descriptors that lie are survived; what was made of them is in
 * the entries' notes. The work grows with the bytes that the device sends, which are bounded. Throws
 * `DISCONNECTED`, `ABORTED`, or what kept it from reading anything at all.
 */
export async function readDfuInterfaces(
  pipe: ControlPipe,
  limits: ReadLimits,
): Promise<DfuInterface[]> {
  const reader = new DescriptorReader(pipe, limits);
  const count = Math.min(pipe.device.descriptor.bNumConfigurations, MOST_CONFIGURATIONS);
  const entries: DfuInterface[] = [];
  let failure: DfuError | undefined;
  for (let index = 0; index < count && entries.length < MOST_SETTINGS; index += 1) {
    try {
      await readConfiguration(reader, index, entries);
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
  entries: DfuInterface[],
): Promise<void> {
  const notes = new Notes();
  const type = DescriptorType.configuration;
  const head = await reader.descriptor(type, index, configurationDescriptor.size);
  const { wTotalLength } = configurationDescriptor.decode(head);
  const length = Math.max(wTotalLength, configurationDescriptor.size);
  const bytes = await reader.descriptor(type, index, length);
  const configuration = decodeConfiguration(bytes, (problem) => notes.add(problem.message));
  const settings = configuration.settings.filter(isDfu);
  const room = MOST_SETTINGS - entries.length;
  if (settings.length > room) {
    notes.add(`${settings.length} DFU settings: the first ${room} are taken`);
  }
  const around: Around = {
    reader,
    configuration,
    alternates: countByInterface(settings),
    functionals: new FunctionalFinder(reader, { settings, extra: configuration.extra }),
    notes: notes.all,
  };
  for (const setting of settings.slice(0, room)) entries.push(await readSetting(setting, around));
}

function isDfu({ descriptor }: InterfaceSetting): boolean {
  const { bInterfaceClass, bInterfaceSubClass } = descriptor;
  return bInterfaceClass === DFU_CLASS && bInterfaceSubClass === DFU_SUBCLASS;
}

function countByInterface(settings: readonly InterfaceSetting[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const { descriptor } of settings) {
    const { bInterfaceNumber: number } = descriptor;
    counts.set(number, (counts.get(number) ?? 0) + 1);
  }
  return counts;
}

function interfacesOf({ settings }: Configuration): number {
  return new Set(settings.map(({ descriptor }) => descriptor.bInterfaceNumber)).size;
}

/** The configuration that a setting stands in. */
interface Around {
  readonly reader: DescriptorReader;
  readonly configuration: Configuration;
  /** How many DFU settings each interface has. */
  readonly alternates: ReadonlyMap<number, number>;
  readonly functionals: FunctionalFinder;
  readonly notes: readonly string[];
}

async function readSetting(
  setting: InterfaceSetting,
  { reader, configuration, alternates, functionals, notes }: Around,
): Promise<DfuInterface> {
  const { bInterfaceNumber, bAlternateSetting, bInterfaceProtocol, iInterface } =
    setting.descriptor;
  const { device } = reader.pipe;
  const { mostTransferBytes } = device;
  const { idVendor, idProduct, bcdDevice, iSerialNumber } = device.descriptor;
  const { functional, isGuess, notes: more } = await functionals.find(setting);
  const subject: QuirkSubject = {
    idVendor,
    idProduct,
    bcdDevice,
    protocol: bInterfaceProtocol,
    dfuVersion: functional.bcdDFUVersion,
    interfaces: interfacesOf(configuration),
  };
  const quirk = quirksFor(subject, reader.quirks);
  const isUtf8 = quirk?.serial === 'utf-8';
  const serial = await (isUtf8 ? reader.utf8String(iSerialNumber) : reader.string(iSerialNumber));
  return {
    mode: quirk?.mode ?? (bInterfaceProtocol === DfuProtocol.dfuMode ? 'dfu' : 'runtime'),
    deviceId: device.id,
    location: device.location,
    speed: device.speed,
    idVendor,
    idProduct,
    bcdDevice,
    serial,
    configuration: configuration.descriptor.bConfigurationValue,
    interfaceNumber: bInterfaceNumber,
    alternate: bAlternateSetting,
    alternates: alternates.get(bInterfaceNumber) ?? 1,
    name: layoutOf(quirk, bAlternateSetting, serial) ?? (await reader.string(iInterface)),
    functional: corrected(functional, quirk),
    functionalFound: !isGuess,
    notes: more.length === 0 ? notes : [...notes, ...more],
    ...(mostTransferBytes === undefined ? {} : { mostTransferBytes }),
    ...(quirk === undefined ? {} : { quirk }),
  };
}

/** What is known of a device instead of what it says. */
function corrected(
  functional: FunctionalDescriptor,
  quirk: AppliedQuirk | undefined,
): FunctionalDescriptor {
  if (quirk === undefined) return functional;
  const { dfuVersion, transferSizeBytes, noUploads } = quirk;
  const { bmAttributes } = functional;
  return {
    ...functional,
    bmAttributes: noUploads === true ? { ...bmAttributes, canUpload: false } : bmAttributes,
    bcdDFUVersion: dfuVersion ?? functional.bcdDFUVersion,
    wTransferSize: transferSizeBytes ?? functional.wTransferSize,
  };
}

/** The memory of the first alternate, where the device tells another than it has. */
function layoutOf(
  quirk: AppliedQuirk | undefined,
  alternate: number,
  serial: string,
): string | undefined {
  if (alternate !== 0) return undefined;
  return quirk?.layout === 'gd32' ? gd32Layout(serial) : quirk?.layout;
}
