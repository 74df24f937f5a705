import { constant, raw, struct, text, u16le, u32le, u8 } from '../bytes/index.ts';
import type { Struct } from '../bytes/index.ts';
import { encodeString } from './descriptors.ts';
import type { MsOsFunction } from './ms-os-20.ts';
import { PropertyType, joined, propertyText, sizeOf } from './ms-os-property.ts';
import type { RegistryProperty } from './ms-os-property.ts';

/** Index of the string that Windows asks every device for, in no language. */
export const MS_OS_STRING_INDEX = 0xee;

/** wIndex of the vendor requests (Microsoft OS Descriptors 1.0). */
export const MsOs10Request = { extendedCompatId: 4, extendedProperties: 5 } as const;

/** bcdVersion of both. */
const VERSION = 0x0100;

/** The string: `MSFT100`, the bRequest that reads the others, and a byte of padding. */
export function encodeMsOsString(bMsVendorCode: number): Uint8Array<ArrayBuffer> {
  return encodeString(`MSFT100${String.fromCharCode(bMsVendorCode & 0xff)}`);
}

interface CompatIdHeader {
  readonly dwLength: number;
  readonly bcdVersion: number;
  readonly wIndex: number;
  /** Function sections that follow. */
  readonly bCount: number;
  readonly reserved: Uint8Array;
}

const compatIdHeader: Struct<CompatIdHeader> = struct<CompatIdHeader>('extended compat ID', {
  dwLength: u32le,
  bcdVersion: constant(u16le, VERSION),
  wIndex: constant(u16le, MsOs10Request.extendedCompatId),
  bCount: u8,
  reserved: raw(7),
});

interface CompatIdSection {
  readonly bFirstInterfaceNumber: number;
  /** Always 1. */
  readonly reserved1: number;
  readonly compatibleId: string;
  readonly subCompatibleId: string;
  readonly reserved2: Uint8Array;
}

const compatIdSection: Struct<CompatIdSection> = struct<CompatIdSection>('function section', {
  bFirstInterfaceNumber: u8,
  reserved1: constant(u8, 1),
  compatibleId: text(8),
  subCompatibleId: text(8),
  reserved2: raw(6),
});

/** Which driver Windows takes for which function. Throws `OUT_OF_RANGE`. */
export function encodeExtendedCompatId(
  functions: readonly Omit<MsOsFunction, 'properties'>[],
): Uint8Array<ArrayBuffer> {
  const sections = functions.map((each) =>
    compatIdSection.encode({
      bFirstInterfaceNumber: each.bFirstInterface,
      reserved1: 1,
      compatibleId: each.compatibleId,
      subCompatibleId: each.subCompatibleId ?? '',
      reserved2: new Uint8Array(6),
    }),
  );
  const head = compatIdHeader.encode({
    dwLength: compatIdHeader.size + sizeOf(sections),
    bcdVersion: VERSION,
    wIndex: MsOs10Request.extendedCompatId,
    bCount: sections.length,
    reserved: new Uint8Array(7),
  });
  return joined([head, ...sections]);
}

interface PropertiesHeader {
  readonly dwLength: number;
  readonly bcdVersion: number;
  readonly wIndex: number;
  /** Property sections that follow. */
  readonly wCount: number;
}

const propertiesHeader: Struct<PropertiesHeader> = struct<PropertiesHeader>('extended properties', {
  dwLength: u32le,
  bcdVersion: constant(u16le, VERSION),
  wIndex: constant(u16le, MsOs10Request.extendedProperties),
  wCount: u16le,
});

interface PropertyHead {
  /** Bytes of the section. */
  readonly dwSize: number;
  readonly dwPropertyDataType: number;
  /** In bytes, the NUL included. */
  readonly wPropertyNameLength: number;
}

const propertyHead: Struct<PropertyHead> = struct<PropertyHead>('property section', {
  dwSize: u32le,
  dwPropertyDataType: u32le,
  wPropertyNameLength: u16le,
});
const propertyData: Struct<{ readonly dwPropertyDataLength: number }> = struct<{
  readonly dwPropertyDataLength: number;
}>('property section', { dwPropertyDataLength: u32le });

/** Values for the registry key of one function. */
export function encodeExtendedProperties(
  properties: readonly RegistryProperty[],
): Uint8Array<ArrayBuffer> {
  const sections = properties.map(({ name, type, data }) => {
    const nameBytes = propertyText(name);
    const lengths = propertyHead.size + propertyData.size;
    const head = propertyHead.encode({
      dwSize: lengths + nameBytes.length + data.length,
      dwPropertyDataType: PropertyType[type],
      wPropertyNameLength: nameBytes.length,
    });
    const length = propertyData.encode({ dwPropertyDataLength: data.length });
    return joined([head, nameBytes, length, data]);
  });
  const head = propertiesHeader.encode({
    dwLength: propertiesHeader.size + sizeOf(sections),
    bcdVersion: VERSION,
    wIndex: MsOs10Request.extendedProperties,
    wCount: sections.length,
  });
  return joined([head, ...sections]);
}
