import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../bytes/index.ts';
import {
  encodeBos,
  encodeExtendedCompatId,
  encodeExtendedProperties,
  encodeMsOs20Set,
  encodeMsOsString,
  encodeUrl,
  decodeUrl,
  interfaceGuids,
  msOs20Capability,
  webUsbCapability,
} from './index.ts';
import { uuidBytes } from './platform-capability.ts';

/** Written down from the documented layouts, field by field; `;` starts a remark. */
function bytes(lines: string): string {
  return toHex(fromHex(lines.replace(/;.*$/gm, '').replace(/\s+/g, '')));
}

/** "DeviceInterfaceGUIDs" and a NUL, 21 units. */
const NAME = `
  44 00 65 00 76 00 69 00 63 00 65 00          ; Device
  49 00 6e 00 74 00 65 00 72 00 66 00 61 00 63 00 65 00 ; Interface
  47 00 55 00 49 00 44 00 73 00 00 00          ; GUIDs`;
const GUID = '{0a1B2c3D-4e5F-6071-8293-a4B5c6D7e8F9}';
/** That GUID, a NUL, and the NUL that ends the list: 40 units. */
const DATA = `
  7b 00 30 00 61 00 31 00 42 00 32 00 63 00 33 00 44 00 2d 00 ; {0a1B2c3D-
  34 00 65 00 35 00 46 00 2d 00                                ; 4e5F-
  36 00 30 00 37 00 31 00 2d 00                                ; 6071-
  38 00 32 00 39 00 33 00 2d 00                                ; 8293-
  61 00 34 00 42 00 35 00 63 00 36 00 44 00 37 00 65 00 38 00 46 00 39 00 7d 00 ; a4B5c6D7e8F9}
  00 00 00 00`;

const winusb = { compatibleId: 'WINUSB', properties: [interfaceGuids(GUID)] };

describe('Microsoft OS 2.0 descriptors', () => {
  test('of a device with one function: header, compatible ID, registry property', () => {
    expect(toHex(encodeMsOs20Set({ device: winusb }))).toBe(
      bytes(`
        0a 00             ; wLength
        00 00             ; wDescriptorType: set header
        00 00 03 06       ; dwWindowsVersion: 0x06030000, Windows 8.1
        a2 00             ; wTotalLength: 10 + 20 + 132
        14 00             ; wLength
        03 00             ; wDescriptorType: compatible ID
        57 49 4e 55 53 42 00 00 ; WINUSB
        00 00 00 00 00 00 00 00 ; no sub-compatible ID
        84 00             ; wLength: 10 + 42 + 80
        04 00             ; wDescriptorType: registry property
        07 00             ; wPropertyDataType: REG_MULTI_SZ
        2a 00             ; wPropertyNameLength
        ${NAME}
        50 00             ; wPropertyDataLength
        ${DATA}`),
    );
  });

  test('of a composite device: a subset for the configuration and one for each function', () => {
    const functions = [
      { bFirstInterface: 0, compatibleId: 'WINUSB' },
      { bFirstInterface: 2, compatibleId: 'RNDIS', subCompatibleId: '5162001' },
    ];
    expect(toHex(encodeMsOs20Set({ configurations: [{ index: 0, functions }] }))).toBe(
      bytes(`
        0a 00 00 00 00 00 03 06
        4a 00             ; wTotalLength: 10 + 8 + 2 * 28
        08 00             ; wLength
        01 00             ; wDescriptorType: configuration subset
        00                ; bConfigurationValue: the first one
        00                ; bReserved
        40 00             ; wTotalLength: 8 + 2 * 28
        08 00             ; wLength
        02 00             ; wDescriptorType: function subset
        00                ; bFirstInterface
        00                ; bReserved
        1c 00             ; wSubsetLength: 8 + 20
        14 00 03 00 57 49 4e 55 53 42 00 00 00 00 00 00 00 00 00 00
        08 00 02 00 02 00 1c 00
        14 00 03 00 52 4e 44 49 53 00 00 00 35 31 36 32 30 30 31 00`),
    );
  });

  test('with a vendor revision', () => {
    expect(toHex(encodeMsOs20Set({ vendorRevision: 0x0102 }))).toBe(
      bytes('0a 00 00 00 00 00 03 06 10 00   06 00 08 00 02 01'),
    );
  });

  test('are announced by a platform capability of the BOS', () => {
    expect(toHex(encodeBos([msOs20Capability(0xa2, 0x4d)]))).toBe(
      bytes(`
        05 0f 21 00 01    ; BOS of 33 bytes with one capability
        1c                ; bLength
        10                ; bDescriptorType: device capability
        05                ; bDevCapabilityType: platform
        00                ; bReserved
        df 60 dd d8 89 45 c7 4c 9c d2 65 9d 9e 64 8a 9f ; D8DD60DF-4589-4CC7-9CD2-659D9E648A9F
        00 00 03 06       ; dwWindowsVersion
        a2 00             ; wMSOSDescriptorSetTotalLength
        4d                ; bMS_VendorCode
        00                ; bAltEnumCode`),
    );
  });

  test.each([
    [
      'a compatible ID of nine characters',
      () => encodeMsOs20Set({ device: { compatibleId: 'WINUSBXXX' } }),
      /8/,
    ],
    ['a GUID without braces', () => interfaceGuids(GUID.slice(1, -1)), /interface GUID/],
    ['no GUID', () => interfaceGuids(), /interface GUID/],
    ['a UUID with braces', () => uuidBytes(GUID), /UUID/],
  ])('refuse %s', (_, make, message) => {
    expect(make).toThrow(message);
  });
});

describe('Microsoft OS 1.0 descriptors', () => {
  test('begin with the string at index 0xee', () => {
    expect(toHex(encodeMsOsString(0x4d))).toBe(
      bytes('12 03   4d 00 53 00 46 00 54 00 31 00 30 00 30 00   4d 00'),
    );
  });

  test('extended compat ID', () => {
    const functions = [
      { bFirstInterface: 0, compatibleId: 'WINUSB' },
      { bFirstInterface: 3, compatibleId: 'WINUSB', subCompatibleId: 'X' },
    ];
    expect(toHex(encodeExtendedCompatId(functions))).toBe(
      bytes(`
        40 00 00 00       ; dwLength: 16 + 2 * 24
        00 01             ; bcdVersion
        04 00             ; wIndex
        02                ; bCount
        00 00 00 00 00 00 00
        00                ; bFirstInterfaceNumber
        01                ; reserved
        57 49 4e 55 53 42 00 00
        00 00 00 00 00 00 00 00
        00 00 00 00 00 00
        03 01 57 49 4e 55 53 42 00 00 58 00 00 00 00 00 00 00 00 00 00 00 00 00`),
    );
  });

  test('extended properties', () => {
    expect(toHex(encodeExtendedProperties([interfaceGuids(GUID)]))).toBe(
      bytes(`
        92 00 00 00       ; dwLength: 10 + 136
        00 01             ; bcdVersion
        05 00             ; wIndex
        01 00             ; wCount
        88 00 00 00       ; dwSize: 14 + 42 + 80
        07 00 00 00       ; dwPropertyDataType: REG_MULTI_SZ
        2a 00             ; wPropertyNameLength
        ${NAME}
        50 00 00 00       ; dwPropertyDataLength
        ${DATA}`),
    );
    expect(toHex(encodeExtendedProperties([]))).toBe(bytes('0a 00 00 00 00 01 05 00 00 00'));
  });
});

describe('WebUSB descriptors', () => {
  test('platform capability', () => {
    expect(toHex(encodeBos([webUsbCapability(0x57, 1)]))).toBe(
      bytes(`
        05 0f 1d 00 01
        18                ; bLength
        10                ; bDescriptorType: device capability
        05                ; bDevCapabilityType: platform
        00                ; bReserved
        38 b6 08 34 a9 09 a0 47 8b fd a0 76 88 15 b6 65 ; 3408B638-09A9-47A0-8BFD-A0768815B665
        00 01             ; bcdVersion
        57                ; bVendorCode
        01                ; iLandingPage`),
    );
  });

  test.each([
    ['https://a.io/f', '09 03 01 61 2e 69 6f 2f 66', 'https'],
    ['http://a.io', '07 03 00 61 2e 69 6f', 'http'],
    ['file:a', '09 03 ff 66 69 6c 65 3a 61', 'another scheme'],
  ])('URL %s', (url, expected) => {
    const encoded = encodeUrl(url);
    expect(toHex(encoded)).toBe(bytes(expected));
    expect(decodeUrl(encoded)).toBe(url);
  });

  test('a URL that no descriptor can hold', () => {
    expect(encodeUrl(`https://${'a'.repeat(252)}`)).toHaveLength(255);
    expect(() => encodeUrl(`https://${'a'.repeat(253)}`)).toThrow(/252/);
    expect(() => encodeUrl('https://ä.de')).toThrow(/ASCII/);
    expect(() => encodeUrl('https://')).toThrow(/ASCII/);
    expect(() => decodeUrl(fromHex('0903016100'))).toThrow(/5 bytes of 9/);
    expect(() => decodeUrl(fromHex('040403'))).toThrow(/type 3/);
    expect(() => decodeUrl(new Uint8Array(0))).toThrow(/type 3/);
  });
});
