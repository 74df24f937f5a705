import { constant, struct, text, u16le, u32le, u8 } from '../bytes/index.ts';
import type { Fields, Struct } from '../bytes/index.ts';
import type { DeviceCapability } from './bos.ts';
import { PropertyType, joined, propertyText, sizeOf } from './ms-os-property.ts';
import type { RegistryProperty } from './ms-os-property.ts';
import { platformCapability } from './platform-capability.ts';

/** Windows 8.1, the first that reads these descriptors, as an NTDDI version. */
const WINDOWS_8_1 = 0x06030000;

/** wIndex of the vendor requests (Microsoft OS 2.0 Descriptors Specification, "Vendor requests"). */
export const MsOs20Request = { descriptorSet: 7, setAltEnumeration: 8 } as const;

/** The UUID of the platform capability that says where the set is. */
const MS_OS_20_UUID = 'D8DD60DF-4589-4CC7-9CD2-659D9E648A9F';

/** wDescriptorType of what a set is made of. */
const MsOs20Type = {
  setHeader: 0,
  configurationSubset: 1,
  functionSubset: 2,
  compatibleId: 3,
  registryProperty: 4,
  vendorRevision: 8,
} as const;

interface Header {
  /** Of this descriptor alone, in bytes. */
  readonly wLength: number;
  readonly wDescriptorType: number;
}

/** Describes one of them, of fixed size; wLength and wDescriptorType are written and checked here. */
function part<T extends object>(
  name: string,
  type: number,
  fields: Fields<T>,
): (value: T) => Uint8Array<ArrayBuffer> {
  const wDescriptorType = constant(u16le, type);
  const layout: Struct<Header & T> = struct<Header & T>(`MS OS 2.0 ${name}`, {
    wLength: u16le,
    wDescriptorType,
    ...fields,
  } as Fields<Header & T>);
  return (value) => layout.encode({ ...value, wLength: layout.size, wDescriptorType: type });
}

/** Starts the set. */
const setHeader = part<{
  readonly dwWindowsVersion: number;
  /** Bytes of the whole set, this header included. */
  readonly wTotalLength: number;
}>('set header', MsOs20Type.setHeader, { dwWindowsVersion: u32le, wTotalLength: u16le });
const SET_HEADER_BYTES = 10;

/** What follows is of one configuration. */
const configurationSubset = part<{
  readonly bConfigurationValue: number;
  readonly bReserved: number;
  /** Bytes of the subset, this header included. */
  readonly wTotalLength: number;
}>('configuration subset header', MsOs20Type.configurationSubset, {
  bConfigurationValue: u8,
  bReserved: u8,
  wTotalLength: u16le,
});

/** What follows is of one function of a composite device. */
const functionSubset = part<{
  readonly bFirstInterface: number;
  readonly bReserved: number;
  /** Bytes of the subset, this header included. */
  readonly wSubsetLength: number;
}>('function subset header', MsOs20Type.functionSubset, {
  bFirstInterface: u8,
  bReserved: u8,
  wSubsetLength: u16le,
});
const SUBSET_HEADER_BYTES = 8;

/** Which driver Windows takes. */
const compatibleId = part<{ readonly id: string; readonly subId: string }>(
  'compatible ID',
  MsOs20Type.compatibleId,
  { id: text(8), subId: text(8) },
);

/** A number that grows makes Windows read everything again. */
const vendorRevision = part<{ readonly revision: number }>(
  'vendor revision',
  MsOs20Type.vendorRevision,
  { revision: u16le },
);

/** What stands in front of the name of a registry property, and what between name and data. */
interface PropertyHead extends Header {
  readonly wPropertyDataType: number;
  /** In bytes, the NUL included. */
  readonly wPropertyNameLength: number;
}

const propertyHead: Struct<PropertyHead> = struct<PropertyHead>('MS OS 2.0 registry property', {
  wLength: u16le,
  wDescriptorType: constant(u16le, MsOs20Type.registryProperty),
  wPropertyDataType: u16le,
  wPropertyNameLength: u16le,
});
const propertyData: Struct<{ readonly wPropertyDataLength: number }> = struct<{
  readonly wPropertyDataLength: number;
}>('MS OS 2.0 registry property', { wPropertyDataLength: u16le });

/** What Windows is told of a device, or of one function of it. */
export interface MsOsFeatures {
  /** The driver: `WINUSB`. At most eight characters. */
  readonly compatibleId: string;
  readonly subCompatibleId?: string | undefined;
  /** Values for the registry key of the device, such as `interfaceGuids`. */
  readonly properties?: readonly RegistryProperty[] | undefined;
}

/** Those of one function. */
export interface MsOsFunction extends MsOsFeatures {
  readonly bFirstInterface: number;
}

/** The functions of one configuration. */
interface MsOsConfiguration {
  /**
   * Place of the configuration, from 0. The field is called bConfigurationValue, but Windows takes it
   * for an index (so TinyUSB and Zephyr have it, and with 1 the subset is not found).
   */
  readonly index: number;
  readonly functions: readonly MsOsFunction[];
}

/** All that a Microsoft OS 2.0 descriptor set says. */
interface MsOs20Set {
  /** Of the whole device: for one with a single function. */
  readonly device?: MsOsFeatures | undefined;
  /** Of its functions: for a composite device, which Windows takes apart into them. */
  readonly configurations?: readonly MsOsConfiguration[] | undefined;
  /** 1 or more; left out: not said. */
  readonly vendorRevision?: number | undefined;
}

/** Writes the set. Throws `OUT_OF_RANGE` for what does not fit its field. */
export function encodeMsOs20Set(set: MsOs20Set): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = set.device === undefined ? [] : features(set.device);
  for (const each of set.configurations ?? []) parts.push(...configuration(each));
  if (set.vendorRevision !== undefined) {
    parts.push(vendorRevision({ revision: set.vendorRevision }));
  }
  const wTotalLength = SET_HEADER_BYTES + sizeOf(parts);
  return joined([setHeader({ dwWindowsVersion: WINDOWS_8_1, wTotalLength }), ...parts]);
}

/** What the capability says of a set. */
interface SetInformation {
  readonly dwWindowsVersion: number;
  readonly wMSOSDescriptorSetTotalLength: number;
  readonly bMS_VendorCode: number;
  /** 0: the device cannot become another one for Windows. */
  readonly bAltEnumCode: number;
}

const setInformation: Struct<SetInformation> = struct<SetInformation>('MS OS 2.0 capability', {
  dwWindowsVersion: u32le,
  wMSOSDescriptorSetTotalLength: u16le,
  bMS_VendorCode: u8,
  bAltEnumCode: u8,
});

/** The platform capability that says how long the set is, and the bRequest that reads it. */
export function msOs20Capability(setBytes: number, bMsVendorCode: number): DeviceCapability {
  return platformCapability(
    MS_OS_20_UUID,
    setInformation.encode({
      dwWindowsVersion: WINDOWS_8_1,
      wMSOSDescriptorSetTotalLength: setBytes,
      bMS_VendorCode: bMsVendorCode,
      bAltEnumCode: 0,
    }),
  );
}

function configuration({ index, functions }: MsOsConfiguration): Uint8Array[] {
  const parts = functions.flatMap((each) => {
    const inside = features(each);
    const wSubsetLength = SUBSET_HEADER_BYTES + sizeOf(inside);
    const { bFirstInterface } = each;
    return [functionSubset({ bFirstInterface, bReserved: 0, wSubsetLength }), ...inside];
  });
  const wTotalLength = SUBSET_HEADER_BYTES + sizeOf(parts);
  return [
    configurationSubset({ bConfigurationValue: index, bReserved: 0, wTotalLength }),
    ...parts,
  ];
}

function features(of: MsOsFeatures): Uint8Array[] {
  const id = compatibleId({ id: of.compatibleId, subId: of.subCompatibleId ?? '' });
  return [id, ...(of.properties ?? []).map(registryProperty)];
}

function registryProperty({ name, type, data }: RegistryProperty): Uint8Array {
  const nameBytes = propertyText(name);
  const lengths = propertyHead.size + propertyData.size;
  const head = propertyHead.encode({
    wLength: lengths + nameBytes.length + data.length,
    wDescriptorType: MsOs20Type.registryProperty,
    wPropertyDataType: PropertyType[type],
    wPropertyNameLength: nameBytes.length,
  });
  return joined([head, nameBytes, propertyData.encode({ wPropertyDataLength: data.length }), data]);
}
