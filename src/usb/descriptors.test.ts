import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DfuError, fromHex, toHex } from '../bytes/index.ts';
import {
  decodeBos,
  decodeConfiguration,
  decodeLanguages,
  decodeString,
  deviceDescriptor,
  deviceQualifier,
  encodeBos,
  encodeConfiguration,
  encodeLanguages,
  encodeString,
  endpointDescriptor,
  interfaceAssociation,
  interfaceDescriptor,
  setupPacket,
  walkDescriptors,
} from './index.ts';

// What riotboot_dfu answers in DFU mode: two alternates, the functional descriptor after the first.
const riotbootDevice = '12 01 0002 00 00 00 40 0912 027d 0001 03 02 01 01';
const riotbootConfiguration =
  '09 02 2400 01 01 04 80 32' +
  '09 04 00 00 00 fe 01 02 05' +
  '09 21 09 ff00 4000 1001' +
  '09 04 00 01 00 fe 01 02 06';

describe('the device descriptor', () => {
  test('of riotboot_dfu reads as 1209:7d02', () => {
    const bytes = fromHex(riotbootDevice);
    const value = deviceDescriptor.decode(bytes);
    expect(value).toMatchObject({
      idVendor: 0x1209,
      idProduct: 0x7d02,
      bcdUSB: 0x0200,
      bMaxPacketSize0: 64,
    });
    expect(deviceDescriptor.encode(value)).toEqual(bytes);
  });

  test('names the field that lies', () => {
    const bytes = fromHex(riotbootDevice);
    bytes[0] = 17;
    expect(() => deviceDescriptor.decode(bytes)).toThrow(
      'device descriptor.bLength: expected 18, got 17',
    );
    bytes[0] = 18;
    bytes[1] = 2;
    expect(() => deviceDescriptor.decode(bytes)).toThrow(
      'device descriptor.bDescriptorType: expected 0x1, got 0x2',
    );
  });

  test('may be longer than this package knows (USB 2.0 §9.5)', () => {
    const bytes = Uint8Array.of(20, ...fromHex(riotbootDevice).subarray(1), 0xaa, 0xbb);
    expect(deviceDescriptor.decode(bytes).idVendor).toBe(0x1209);
  });
});

describe('every fixed layout', () => {
  test.each([
    ['setup packet', setupPacket],
    ['device qualifier', deviceQualifier],
    ['interface', interfaceDescriptor],
    ['endpoint', endpointDescriptor],
    ['interface association', interfaceAssociation],
  ])('%s writes back what it reads', (_, layout) => {
    const plain = layout as typeof interfaceDescriptor;
    const zero = plain.encode(
      Object.fromEntries(Object.keys(blank(plain)).map((key) => [key, 0])) as never,
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: zero.length, maxLength: zero.length }), (bytes) => {
        if (layout.name !== 'setup packet') bytes.set(zero.subarray(0, 2));
        expect(plain.encode(plain.decode(bytes))).toEqual(bytes);
      }),
    );
  });

  function blank(layout: typeof interfaceDescriptor): object {
    const bytes = new Uint8Array(layout.size);
    for (let type = 0; type < 256; type += 1) {
      bytes[0] = layout.size;
      bytes[1] = type;
      try {
        return layout.decode(bytes);
      } catch {
        // not this type: the next one
      }
    }
    throw new Error('no type fits');
  }
});

describe('a configuration', () => {
  test('of riotboot_dfu has two alternates and one functional descriptor', () => {
    const bytes = fromHex(riotbootConfiguration);
    const { descriptor, settings, extra } = decodeConfiguration(bytes);
    expect(descriptor).toMatchObject({ wTotalLength: 36, bNumInterfaces: 1, bMaxPower: 50 });
    expect(settings.map((each) => each.descriptor.bAlternateSetting)).toEqual([0, 1]);
    expect(settings.map((each) => each.extra.map((item) => toHex(item.bytes)))).toEqual([
      ['092109ff0040001001'],
      [],
    ]);
    expect(extra).toEqual([]);
  });

  test('written is the one that is read', () => {
    const association = {
      bFirstInterface: 0,
      bInterfaceCount: 1,
      bFunctionClass: 0xfe,
      bFunctionSubClass: 1,
      bFunctionProtocol: 1,
      iFunction: 0,
    };
    const endpoint = { bEndpointAddress: 0x81, bmAttributes: 3, wMaxPacketSize: 8, bInterval: 10 };
    const functional = fromHex('092109ff0040001001');
    const bytes = encodeConfiguration(
      { bConfigurationValue: 1, iConfiguration: 4, bmAttributes: 0x80, bMaxPower: 50 },
      [
        { descriptor: setting(0, 0), extra: [functional], association },
        { descriptor: setting(1, 0), endpoints: [endpoint] },
      ],
    );
    const read = decodeConfiguration(bytes);
    expect(read.descriptor).toMatchObject({ wTotalLength: bytes.length, bNumInterfaces: 2 });
    expect(read.associations).toEqual([association]);
    expect(read.settings[0]?.extra[0]?.bytes).toEqual(functional);
    expect(read.settings[1]?.endpoints).toEqual([endpoint]);
    expect(read.settings[1]?.descriptor.bNumEndpoints).toBe(1);
  });

  test('too long for wTotalLength is refused, not cut', () => {
    const head = { bConfigurationValue: 1, iConfiguration: 0, bmAttributes: 0x80, bMaxPower: 0 };
    const extra = Array.from({ length: 300 }, () =>
      Uint8Array.of(255, 0x24, ...new Uint8Array(253)),
    );
    expect(() => encodeConfiguration(head, [{ descriptor: setting(0, 0), extra }])).toThrow(
      'configuration descriptor.wTotalLength: expected 0 to 65535, got 76518',
    );
  });

  test.each([
    ['bLength 0', 18, 0, 'descriptor 0x21 at offset 18, bLength: expected at least 2, got 0'],
    ['bLength past the end', 18, 40, 'descriptor 0x21 at offset 18: 18 bytes of 40'],
    ['interface cut', 9, 8, 'at offset 9: interface descriptor: 8 bytes of 9'],
    ['a lying wTotalLength', 2, 99, 'configuration descriptor.wTotalLength: 36 bytes of 99'],
    ['the same alternate twice', 30, 0, 'interface 0 alternate 0 stands there twice'],
    ['a configuration inside', 19, 2, 'at offset 18: configuration descriptor: a second one'],
  ])('with %s: one clear problem, and the rest is read', (_, at, value, message) => {
    const bytes = fromHex(riotbootConfiguration);
    bytes[at] = value;
    expect(() => decodeConfiguration(bytes)).toThrow(message);
    const problems: DfuError[] = [];
    const { settings } = decodeConfiguration(bytes, (error) => problems.push(error));
    expect(problems[0]?.message).toContain(message);
    expect(settings.length).toBeGreaterThanOrEqual(at === 9 ? 0 : 1);
  });

  test('survives any bytes: it ends, and throws nothing when problems are collected', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        const bytes = Uint8Array.of(9, 2, noise.length & 0xff, 1, 1, 1, 0, 0x80, 50, ...noise);
        const problems: DfuError[] = [];
        decodeConfiguration(bytes, (error) => problems.push(error));
        for (const problem of problems) expect(DfuError.is(problem)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  function setting(bInterfaceNumber: number, bAlternateSetting: number) {
    return {
      bInterfaceNumber,
      bAlternateSetting,
      bNumEndpoints: 0,
      bInterfaceClass: 0xfe,
      bInterfaceSubClass: 1,
      bInterfaceProtocol: 1,
      iInterface: 0,
    };
  }
});

describe('walking descriptors', () => {
  test('gives offsets and views, not copies', () => {
    const bytes = fromHex('0324aa 0225 0426bbcc');
    const items = [...walkDescriptors(bytes)];
    expect(items.map(({ type, offsetBytes }) => [type, offsetBytes])).toEqual([
      [0x24, 0],
      [0x25, 3],
      [0x26, 5],
    ]);
    expect(items[0]?.bytes.buffer).toBe(bytes.buffer);
  });

  test('a single byte at the end is a problem', () => {
    expect(() => [...walkDescriptors(fromHex('0225 09'))]).toThrow('at offset 2: 1 bytes of 2');
  });
});

describe('strings', () => {
  test('are UTF-16, also beyond the basic plane', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (value) => {
        expect(decodeString(encodeString(value))).toBe(value.split('\0')[0]);
      }),
    );
  });

  test('hold 126 units and no more', () => {
    expect(encodeString('x'.repeat(126)).length).toBe(254);
    expect(() => encodeString('x'.repeat(127))).toThrow('expected at most 126 units, got 127');
  });

  test('are read as far as they go', () => {
    expect(decodeString(fromHex('22 03 5300 5400 4d'))).toBe('ST');
    expect(() => decodeString(fromHex('0402'))).toThrow('bDescriptorType: expected 0x3, got 0x2');
    expect(() => decodeString(fromHex('04'))).toThrow('string descriptor: 1 bytes of 2');
  });

  test('end at their first NUL, as in C', () => {
    expect(decodeString(encodeString('@Internal Flash  /0x08000000/04*016Kg\0'))).toBe(
      '@Internal Flash  /0x08000000/04*016Kg',
    );
    expect(decodeString(encodeString('\0rest'))).toBe('');
  });

  test('index 0 lists languages', () => {
    expect(toHex(encodeLanguages([0x0409]))).toBe('04030904');
    expect(decodeLanguages(fromHex('060309040704'))).toEqual([0x0409, 0x0407]);
  });
});

describe('the binary device object store', () => {
  const capabilities = [
    { bDevCapabilityType: 2, data: fromHex('00000000') },
    { bDevCapabilityType: 5, data: fromHex('00'.repeat(17)) },
  ];

  test('written is the one that is read', () => {
    const bytes = encodeBos(capabilities);
    expect(toHex(bytes).slice(0, 24)).toBe('050f200002' + '07100200000000');
    expect(decodeBos(bytes)).toEqual(capabilities);
  });

  test('tells of a wrong count and goes on', () => {
    const bytes = encodeBos(capabilities);
    bytes[4] = 3;
    const problems: DfuError[] = [];
    expect(decodeBos(bytes, (error) => problems.push(error))).toEqual(capabilities);
    expect(problems.map((error) => error.message)).toEqual([
      'BOS descriptor.bNumDeviceCaps: expected 2, got 3',
    ]);
  });

  test('with a capability too short to have a type', () => {
    expect(() => decodeBos(fromHex('050f070001 0210'))).toThrow(
      'device capability at offset 5, bLength: expected at least 3, got 2',
    );
  });
});
