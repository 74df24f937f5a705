import { describe, expect, test } from 'vitest';
import { Wire } from '../../../test/conformance/device-bench.ts';
import { fromHex, toHex } from '../../bytes/index.ts';
import { Device, DfuMode, DfuRuntime, Lock, RamDisk } from '../index.ts';
import type { OsIdentityOptions, UsbFunction } from '../index.ts';
import { STALL } from '../../usb/index.ts';

const identity = { idVendor: 0x1209, idProduct: 0x7d02, manufacturer: 'M', serial: 'S' };
const landingPage = 'https://example.org/flash';

function bytes(lines: string): string {
  return toHex(fromHex(lines.replace(/;.*$/gm, '').replace(/\s+/g, '')));
}

/** An interface that wants no driver. */
function plainInterface(): UsbFunction {
  return {
    describe: (_, bInterfaceNumber) => {
      const triple = { bInterfaceClass: 0xff, bInterfaceSubClass: 0, bInterfaceProtocol: 0 };
      const rest = { bAlternateSetting: 0, bNumEndpoints: 0, iInterface: 0 };
      return [{ descriptor: { bInterfaceNumber, ...rest, ...triple } }];
    },
    setup: () => STALL,
    data: () => STALL,
    done: () => {},
    alternate: () => true,
    configured: () => {},
    reset: () => {},
    tick: () => Infinity,
  };
}

const dfuMode = (): DfuMode => new DfuMode({ media: [new RamDisk({ name: 'r', sizeBytes: 64 })] });

function wire(
  osIdentity?: OsIdentityOptions,
  functions: readonly UsbFunction[] = [dfuMode()],
): Wire {
  const configurations = [{ functions }];
  const made = new Wire(new Device({ identity, configurations, osIdentity }));
  made.configure();
  return made;
}

/** What a host reads, or `stall`. */
function read(
  from: Wire,
  setup: readonly [number, number, number, number],
  wLength = 4096,
): string {
  const [bmRequestType, bRequest, wValue, wIndex] = setup;
  const seen = from.transfer({ bmRequestType, bRequest, wValue, wIndex, wLength });
  return seen.end === 'ok' ? toHex(seen.bytes) : seen.end;
}

const BOS = [0x80, 6, 0x0f00, 0] as const;
const MS_STRING = [0x80, 6, 0x03ee, 0] as const;
const MS_SET = [0xc0, 0x4d, 0, 7] as const;
const MS_COMPAT = [0xc0, 0x4d, 0, 4] as const;
const MS_PROPERTIES = [0xc1, 0x4d, 0, 5] as const;
const URL = [0xc0, 0x57, 1, 2] as const;

/** Registry property DeviceInterfaceGUIDs: name and this package's GUID. */
const NAME = `
  44 00 65 00 76 00 69 00 63 00 65 00
  49 00 6e 00 74 00 65 00 72 00 66 00 61 00 63 00 65 00
  47 00 55 00 49 00 44 00 73 00 00 00`;
const GUID = `
  7b 00 34 00 37 00 35 00 34 00 42 00 32 00 45 00 43 00 2d 00 ; {4754B2EC-
  30 00 43 00 38 00 44 00 2d 00 34 00 32 00 45 00 39 00 2d 00 ; 0C8D-42E9-
  39 00 36 00 45 00 30 00 2d 00                               ; 96E0-
  33 00 44 00 45 00 46 00 35 00 34 00 44 00 38 00 38 00 36 00 36 00 34 00 7d 00 ; 3DEF54D88664}
  00 00 00 00`;

describe('a device that needs no driver', () => {
  test('is USB 2.01 and lists WebUSB and Microsoft OS 2.0 in its BOS', () => {
    const device = wire({ landingPage });
    expect(read(device, [0x80, 6, 0x0100, 0])).toMatch(/^12010102/);
    expect(read(device, BOS)).toBe(
      bytes(`
        05 0f 39 00 02
        18 10 05 00 38 b6 08 34 a9 09 a0 47 8b fd a0 76 88 15 b6 65 00 01 57 01
        1c 10 05 00 df 60 dd d8 89 45 c7 4c 9c d2 65 9d 9e 64 8a 9f 00 00 03 06 a2 00 4d 00`),
    );
  });

  test('answers Windows with the set that its BOS announces, whole or in part', () => {
    const device = wire({});
    const expected = bytes(`
      0a 00 00 00 00 00 03 06 a2 00
      14 00 03 00 57 49 4e 55 53 42 00 00 00 00 00 00 00 00 00 00
      84 00 04 00 07 00 2a 00 ${NAME} 50 00 ${GUID}`);
    expect(read(device, MS_SET)).toBe(expected);
    expect(read(device, MS_SET, 10)).toBe(expected.slice(0, 20));
  });

  test('answers older Windows: string, compatible IDs, properties', () => {
    const device = wire({});
    expect(read(device, MS_STRING)).toBe(
      bytes('12 03 4d 00 53 00 46 00 54 00 31 00 30 00 30 00 4d 00'),
    );
    expect(read(device, MS_COMPAT)).toBe(
      bytes(`
        28 00 00 00 00 01 04 00 01 00 00 00 00 00 00 00
        00 01 57 49 4e 55 53 42 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00`),
    );
    const properties = bytes(`
      92 00 00 00 00 01 05 00 01 00
      88 00 00 00 07 00 00 00 2a 00 ${NAME} 50 00 00 00 ${GUID}`);
    expect(read(device, MS_PROPERTIES)).toBe(properties);
    expect(read(device, [0xc0, 0x4d, 0, 5])).toBe(properties);
    // No such interface, no such page.
    expect(read(device, [0xc1, 0x4d, 1, 5])).toBe('stall');
    expect(read(device, [0xc1, 0x4d, 0x0100, 5])).toBe('stall');
  });

  test('answers a browser with the page', () => {
    const device = wire({ landingPage });
    expect(read(device, URL)).toBe(
      bytes('14 03 01 65 78 61 6d 70 6c 65 2e 6f 72 67 2f 66 6c 61 73 68'),
    );
    expect(read(device, [0xc0, 0x57, 2, 2])).toBe('stall');
    expect(read(wire({}), URL)).toBe('stall');
    expect(read(wire({}), BOS)).toContain(bytes('00 01 57 00'));
  });

  test('of more than one interface has a subset for the one that wants the driver', () => {
    const runtime = new DfuRuntime({ onDetach: () => {} });
    const device = wire({ webUsb: false }, [plainInterface(), runtime]);
    expect(read(device, MS_SET)).toBe(
      bytes(`
        0a 00 00 00 00 00 03 06 b2 00 ; 10 + 168
        08 00 01 00 00 00 a8 00       ; configuration subset, the first one: 8 + 160
        08 00 02 00 01 00 a0 00       ; function subset, interface 1: 8 + 20 + 132
        14 00 03 00 57 49 4e 55 53 42 00 00 00 00 00 00 00 00 00 00
        84 00 04 00 07 00 2a 00 ${NAME} 50 00 ${GUID}`),
    );
    expect(read(device, BOS)).toMatch(/00000306b2004d00$/);
    expect(read(device, MS_COMPAT)).toContain('010157494e555342');
    expect(read(device, MS_PROPERTIES)).toBe('stall');
    expect(read(device, [0xc1, 0x4d, 1, 5])).toMatch(/^92000000/);
    // Other vendor requests are the functions' own.
    expect(read(device, [0xc1, 0x4e, 0, 5])).toBe('stall');
    expect(read(device, [0x40, 0x4d, 0, 8])).toBe('stall');
  });

  test('each can be switched off', () => {
    const without20 = wire({ msOs20: false });
    expect(read(without20, MS_SET)).toBe('stall');
    expect(read(without20, MS_STRING)).not.toBe('stall');
    expect(read(without20, BOS)).toMatch(/^050f1d0001/);
    const without10 = wire({ msOs10: false });
    expect(read(without10, MS_STRING)).toBe('stall');
    expect(read(without10, MS_COMPAT)).toBe('stall');
    expect(read(without10, MS_PROPERTIES)).toBe('stall');
    expect(read(without10, MS_SET)).not.toBe('stall');
    const withoutWeb = wire({ webUsb: false });
    expect(read(withoutWeb, BOS)).toMatch(/^050f210001/);
    const nothing = wire({ webUsb: false, msOs20: false, msOs10: false });
    expect(read(nothing, BOS)).toBe('stall');
    expect(read(nothing, [0x80, 6, 0x0100, 0])).toMatch(/^12010002/);
    expect(read(wire(), BOS)).toBe('stall');
    expect(read(wire(), MS_STRING)).toBe('stall');
  });

  test('whose functions want no driver has nothing for Windows', () => {
    const device = wire({}, [plainInterface()]);
    expect(read(device, MS_STRING)).toBe('stall');
    expect(read(device, BOS)).toMatch(/^050f1d0001/);
  });

  test('has its strings where a device without all this has them', () => {
    const strings = (from: Wire): string[] =>
      [1, 2, 3].map((index) => read(from, [0x80, 6, 0x0300 + index, 0x0409]));
    expect(strings(wire({ landingPage }))).toEqual(strings(wire()));
    const [device] = [wire({})].map((each) => read(each, [0x80, 6, 0x0100, 0]));
    expect(device?.slice(28)).toBe('01000201');
  });

  test.each<[string, OsIdentityOptions, RegExp]>([
    ['a GUID of another form', { interfaceGuid: 'x' }, /interface GUID/],
    ['a page without WebUSB', { webUsb: false, landingPage }, /landingPage/],
    ['one request for two purposes', { msVendorCode: 0x57 }, /expected two/],
    ['no number of a request', { msVendorCode: 256 }, /msVendorCode/],
  ])('refuses %s', (_, options, message) => {
    expect(() => wire(options)).toThrow(message);
  });
});

describe('an upload with a condition', () => {
  test('is refused with the reason, until the condition holds', () => {
    const lock = new Lock('hold the button for an upload');
    const mode = new DfuMode({
      media: [new RamDisk({ name: 'r', sizeBytes: 64, content: Uint8Array.of(7) })],
      uploadCondition: lock,
    });
    const device = wire(undefined, [mode]);
    expect(device.in(2, 16).end).toBe('stall');
    expect([mode.state, mode.status, mode.reason]).toEqual([
      'dfuERROR',
      'errVENDOR',
      'hold the button for an upload',
    ]);
    device.out(4);
    lock.unlock();
    expect(device.in(2, 16)).toMatchObject({ end: 'ok' });
    // An upload that has begun goes on.
    lock.lock();
    expect(device.in(2, 16, 1)).toMatchObject({ end: 'ok' });
  });
});
