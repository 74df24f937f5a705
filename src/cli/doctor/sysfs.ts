import { DfuError } from '../../bytes/index.ts';
import { DFU_CLASS, DFU_SUBCLASS, DfuProtocol, readFunctionalDescriptor } from '../../dfu/index.ts';
import {
  DescriptorType,
  configurationDescriptor,
  decodeConfiguration,
  deviceDescriptor,
  formatUsbId,
} from '../../usb/index.ts';
import type { InterfaceSetting } from '../../usb/index.ts';
import type { FoundDevice } from './found-device.ts';
import { textOf } from './system.ts';
import type { System } from './system.ts';

/** Where Linux tells of USB devices. */
export const SYSFS = '/sys/bus/usb/devices';

/** A DFU device in Linux' sysfs, and what there is to judge by. */
export interface SysfsDevice {
  readonly found: FoundDevice;
  /** `/dev/bus/usb/001/004`. */
  readonly node: string;
  readonly authorized: boolean;
  readonly configured: boolean;
  /** The driver of the whole device, which is `usb`; undefined if it has none. */
  readonly driver: string | undefined;
  /** Its DFU interfaces, as the kernel names them, and the driver that each has. */
  readonly interfaces: readonly { readonly name: string; readonly driver: string | undefined }[];
}

/** What stands in sysfs of the USB bus: how many devices, and those of them that are DFU. */
export interface SysfsBus {
  /** Devices besides the root hubs. */
  readonly devices: number;
  readonly dfu: readonly SysfsDevice[];
}

/** Reads the bus; undefined where there is no such folder. */
export function readSysfs(system: System): SysfsBus | undefined {
  const names = system.names(SYSFS);
  if (names === undefined) return undefined;
  const devices = names.filter((name) => /^\d+-[\d.]+$/.test(name)).toSorted();
  const dfu = devices.flatMap((name) => readDevice(system, name) ?? []);
  return { devices: devices.length, dfu };
}

/** The most that is read of what a device says of itself: eight configurations. */
const MOST_DESCRIPTORS = 8 * 0xffff;

function readDevice(system: System, name: string): SysfsDevice | undefined {
  const at = `${SYSFS}/${name}`;
  const bytes = system.bytes(`${at}/descriptors`)?.subarray(0, MOST_DESCRIPTORS);
  if (bytes === undefined || bytes.length < deviceDescriptor.size) return undefined;
  const settings = settingsOf(bytes.subarray(deviceDescriptor.size));
  const [first] = settings;
  if (first === undefined) return undefined;
  const text = (file: string): string | undefined => textOf(system, `${at}/${file}`);
  const configuration = text('bConfigurationValue') ?? '';
  const numbers = [...new Set(settings.map((each) => each.descriptor.bInterfaceNumber))];
  return {
    found: {
      id: formatUsbId(deviceDescriptor.decode(bytes)),
      path: name,
      product: text('product'),
      serial: text('serial'),
      speaks: languageOf(first),
      alternates: settings.length,
    },
    node: nodeOf(text('busnum'), text('devnum')),
    authorized: text('authorized') !== '0',
    configured: configuration !== '' && configuration !== '0',
    driver: system.link(`${at}/driver`),
    interfaces: numbers.map((number) => {
      const own = `${name}:${configuration}.${number}`;
      return { name: own, driver: system.link(`${SYSFS}/${own}/driver`) };
    }),
  };
}

function nodeOf(bus: string = '', device: string = ''): string {
  return `/dev/bus/usb/${bus.padStart(3, '0')}/${device.padStart(3, '0')}`;
}

/** The DFU settings of all configurations, which stand one behind the other. */
function settingsOf(bytes: Uint8Array): InterfaceSetting[] {
  const settings: InterfaceSetting[] = [];
  for (let at = 0; at + configurationDescriptor.size <= bytes.length;) {
    try {
      const { wTotalLength } = configurationDescriptor.decode(bytes.subarray(at));
      const length = Math.max(wTotalLength, configurationDescriptor.size);
      const configuration = decodeConfiguration(bytes.subarray(at, at + length), () => {});
      settings.push(...configuration.settings.filter(isDfu));
      at += length;
    } catch (error) {
      if (!DfuError.is(error)) throw error;
      break;
    }
  }
  return settings;
}

function isDfu({ descriptor }: InterfaceSetting): boolean {
  const { bInterfaceClass, bInterfaceSubClass } = descriptor;
  return bInterfaceClass === DFU_CLASS && bInterfaceSubClass === DFU_SUBCLASS;
}

const DFUSE_VERSION = 0x011a;

function languageOf({ descriptor, extra }: InterfaceSetting): FoundDevice['speaks'] {
  if (descriptor.bInterfaceProtocol !== DfuProtocol.dfuMode) return 'run-time';
  const functional = extra.find(({ type }) => type === DescriptorType.dfuFunctional);
  try {
    const version =
      functional === undefined ? 0 : readFunctionalDescriptor(functional.bytes).bcdDFUVersion;
    return version === DFUSE_VERSION ? 'DfuSe' : 'DFU mode';
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    return 'DFU mode';
  }
}
