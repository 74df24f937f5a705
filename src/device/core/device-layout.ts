import { DfuError } from '../../bytes/index.ts';
import {
  DescriptorType,
  deviceDescriptor,
  deviceQualifier,
  encodeBos,
  encodeConfiguration,
} from '../../usb/index.ts';
import type { DeviceCapability, SettingParts, UsbSpeed } from '../../usb/index.ts';
import { checkNumber } from './check-number.ts';
import type { FunctionHost, UsbFunction } from './function.ts';
import type { StringTable } from './string-table.ts';

/** Who the device says it is (USB 2.0 §9.6.1). */
export interface DeviceIdentity {
  readonly idVendor: number;
  readonly idProduct: number;
  /** Release in binary-coded decimal; 0x0100 unless told otherwise. */
  readonly bcdDevice?: number | undefined;
  /** Default 0x0200; 0x0201 where there are capabilities (a BOS descriptor), 0x0300 at super speed. */
  readonly bcdUSB?: number | undefined;
  /** Class, subclass and protocol of the whole device; 0, 0, 0 leaves it to the interfaces. */
  readonly deviceClass?: readonly [number, number, number] | undefined;
  readonly manufacturer?: string | undefined;
  readonly product?: string | undefined;
  readonly serial?: string | undefined;
  /** Bytes in a packet of endpoint 0. Default 64, at low speed 8; at super speed the exponent 9. */
  readonly bMaxPacketSize0?: number;
  /** Default `full`. */
  readonly speed?: UsbSpeed | undefined;
}

/** One configuration and what is in it (USB 2.0 §9.6.3). */
export interface DeviceConfiguration {
  /** In the order of their interface numbers. A function belongs to one configuration only. */
  readonly functions: readonly UsbFunction[];
  /** bConfigurationValue, 1 to 255; default: 1 for the first, 2 for the second … */
  readonly value?: number | undefined;
  readonly name?: string | undefined;
  /** What it is called in the other-speed descriptor (USB 2.0 §9.6.4); default: the same. */
  readonly otherSpeedName?: string | undefined;
  /** It has power of its own. Default false. */
  readonly selfPowered?: boolean | undefined;
  /** Most that it takes from the bus, in mA. Default 100. */
  readonly maxPowerMa?: number | undefined;
}

/** An interface of a configuration, and which of its alternate settings is selected. */
export interface InterfaceState {
  readonly owner: UsbFunction;
  /** bAlternateSetting → addresses of its endpoints. */
  readonly alternates: ReadonlyMap<number, readonly number[]>;
  alternate: number;
}

/** A configuration ready to be selected. */
export interface ConfigurationState {
  readonly value: number;
  readonly bytes: Uint8Array;
  /** iConfiguration at the other speed. */
  readonly otherSpeedString: number;
  readonly selfPowered: boolean;
  readonly functions: readonly UsbFunction[];
  readonly interfaces: ReadonlyMap<number, InterfaceState>;
}

/** Bytes in a packet of endpoint 0 that each speed allows (USB 2.0 §5.5.3, USB 3.2 §9.6.1). */
const PACKET_SIZES: Readonly<Record<UsbSpeed, readonly number[]>> = {
  low: [8],
  full: [64, 8, 16, 32],
  high: [64],
  super: [9],
};

function packetSize({ speed = 'full', bMaxPacketSize0 }: DeviceIdentity): number {
  const allowed = PACKET_SIZES[speed];
  const size = bMaxPacketSize0 ?? allowed[0] ?? 0;
  if (allowed.includes(size)) return size;
  const expected = `expected ${allowed.join(', ')} at ${speed} speed`;
  throw new DfuError('INVALID_ARGUMENT', `bMaxPacketSize0: ${expected}, got ${size}`);
}

/** Descriptors that belong to the whole device. */
export interface DeviceWords {
  readonly device: Uint8Array;
  /** Undefined where GET_DESCRIPTOR is refused (USB 2.0 §9.6.2: only high speed has one). */
  readonly qualifier: Uint8Array | undefined;
  readonly bos: Uint8Array | undefined;
}

/** Makes the descriptors of the whole device. Throws `INVALID_ARGUMENT` or `OUT_OF_RANGE`. */
export function describeDevice(
  identity: DeviceIdentity,
  strings: StringTable,
  {
    configurations,
    capabilities,
  }: { configurations: number; capabilities: readonly DeviceCapability[] },
): DeviceWords {
  const { speed = 'full', deviceClass = [0, 0, 0] } = identity;
  const usual = speed === 'super' ? 0x0300 : capabilities.length > 0 ? 0x0201 : 0x0200;
  const common = {
    bcdUSB: identity.bcdUSB ?? usual,
    bDeviceClass: deviceClass[0],
    bDeviceSubClass: deviceClass[1],
    bDeviceProtocol: deviceClass[2],
    bMaxPacketSize0: packetSize(identity),
    bNumConfigurations: configurations,
  };
  const device = deviceDescriptor.encode({
    ...common,
    idVendor: identity.idVendor,
    idProduct: identity.idProduct,
    bcdDevice: identity.bcdDevice ?? 0x0100,
    iManufacturer: strings.add(identity.manufacturer),
    iProduct: strings.add(identity.product),
    iSerialNumber: strings.add(identity.serial),
  });
  return {
    device,
    qualifier: speed === 'high' ? deviceQualifier.encode({ ...common, bReserved: 0 }) : undefined,
    bos: capabilities.length > 0 ? encodeBos(capabilities) : undefined,
  };
}

/** bmAttributes of a configuration: bit 7 is reserved and 1, bit 6 self-powered. */
const ATTRIBUTES_RESERVED = 0x80;
const ATTRIBUTES_SELF_POWERED = 0x40;

/** Asks the functions of a configuration for their interfaces and makes its descriptor. */
export function describeConfiguration(
  configuration: DeviceConfiguration,
  value: number,
  options: { strings: StringTable; speed: UsbSpeed; hostOf: (owner: UsbFunction) => FunctionHost },
): ConfigurationState {
  const { strings, speed, hostOf } = options;
  const { functions, selfPowered = false, maxPowerMa = 100 } = configuration;
  const unitMa = speed === 'super' ? 8 : 2;
  checkNumber('maxPowerMa', maxPowerMa, [0, 250 * unitMa]);
  const interfaces = new Map<number, MutableInterface>();
  const settings: SettingParts[] = [];
  const iConfiguration = strings.add(configuration.name);
  const other = configuration.otherSpeedName;
  const otherSpeedString = other === undefined ? iConfiguration : strings.add(other);
  for (const owner of functions) {
    const first = interfaces.size;
    for (const setting of owner.describe(hostOf(owner), first)) {
      settings.push(setting);
      place(setting, owner, first);
    }
  }
  const head = {
    bConfigurationValue: value,
    iConfiguration,
    bmAttributes: ATTRIBUTES_RESERVED | (selfPowered ? ATTRIBUTES_SELF_POWERED : 0),
    bMaxPower: Math.ceil(maxPowerMa / unitMa),
  };
  const bytes = encodeConfiguration(head, settings);
  return { value, bytes, otherSpeedString, selfPowered, functions, interfaces };

  function place(
    { descriptor, endpoints = [] }: SettingParts,
    owner: UsbFunction,
    first: number,
  ): void {
    const { bInterfaceNumber: number, bAlternateSetting: alternate } = descriptor;
    const known = interfaces.get(number);
    const fits = known === undefined ? number === interfaces.size : known.owner === owner;
    if (!fits || number < first || known?.alternates.has(alternate) === true) {
      const which = `interface ${number} alternate ${alternate}`;
      const expected = `expected interfaces from ${first} in order, each setting once`;
      throw new DfuError('INVALID_ARGUMENT', `${expected}, got ${which}`);
    }
    const state = known ?? {
      owner,
      alternates: new Map<number, readonly number[]>(),
      alternate: 0,
    };
    state.alternates.set(
      alternate,
      endpoints.map((endpoint) => endpoint.bEndpointAddress),
    );
    interfaces.set(number, state);
  }
}

interface MutableInterface extends InterfaceState {
  readonly alternates: Map<number, readonly number[]>;
}

/** Where iConfiguration stands in a configuration descriptor (USB 2.0 table 9-10). */
const I_CONFIGURATION = 6;

/** The configuration as the other speed would have it: the same functions, perhaps another name. */
export function otherSpeed(
  configuration: Pick<ConfigurationState, 'bytes' | 'otherSpeedString'>,
): Uint8Array {
  const bytes = configuration.bytes.slice();
  bytes[1] = DescriptorType.otherSpeedConfiguration;
  bytes[I_CONFIGURATION] = configuration.otherSpeedString;
  return bytes;
}
