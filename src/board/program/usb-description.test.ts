import { describe, expect, test } from 'vitest';
import { readUsbDescription } from './usb-description.ts';

// What a program sends is not to be trusted: whatever is not as agreed is refused, by name.

const device = {
  idVendor: 0x1209,
  idProduct: 0x7d00,
  bcdDevice: 0x100,
  manufacturer: 'm',
  product: 'p',
  serial: 's',
  configuration: '',
  highSpeedConfiguration: '',
  selfPowered: false,
  maxPowerMa: 100,
  functions: [] as readonly unknown[],
};
const runtime = { type: 'dfu-runtime', name: 'r', detach: 'message' };
const functional = { detachTimeOutMs: 1000, transferSizeBytes: 64 };
const oneOf = (each: unknown): object => ({ ...device, functions: [each] });
const mode = (medium: unknown): object => oneOf({ type: 'dfu-mode', media: [medium] });
const face = (more: object): object =>
  oneOf({ type: 'interface', name: 'i', triple: [255, 0, 0], descriptorLengths: [], ...more });

describe('the description of a USB device', () => {
  test('is read whole: interfaces take their descriptors in turn, media and attributes are kept', () => {
    const media = [
      { type: 'ram-disk', name: 'ram', sectors: 32 },
      { type: 'flash-image', name: 'flash', area: 'image-1' },
    ];
    const attributes = { canUpload: true, willDetach: false };
    const one = { type: 'interface', name: 'i', triple: [255, 1, 2], descriptorLengths: [2] };
    const { functions, serial } = readUsbDescription(
      {
        ...device,
        serial: null,
        functions: [
          one,
          { ...one, descriptorLengths: [1], answers: true },
          { ...runtime, functional: { ...functional, bcdDFUVersion: 0x110, attributes } },
          { type: 'dfu-mode', media },
        ],
      },
      Uint8Array.of(1, 2, 3),
    );
    expect(serial).toBeUndefined();
    expect(functions).toMatchObject([
      { triple: [255, 1, 2], descriptors: [Uint8Array.of(1, 2)], answers: false },
      { descriptors: [Uint8Array.of(3)], answers: true },
      { detach: 'message', asks: false, functional: { bcdDFUVersion: 0x110, attributes } },
      { media, functional: undefined },
    ]);
  });

  test.each<[string, unknown, string]>([
    ['no object', 7, 'description: expected an object, got 7'],
    [
      'a vendor that is too large',
      { ...device, idVendor: 0x10000 },
      'idVendor: expected 0 to 65535',
    ],
    ['half a number', { ...device, maxPowerMa: 1.5 }, 'maxPowerMa: expected 0 to 500, got 1.5'],
    [
      'a text that is too long',
      { ...device, product: 'x'.repeat(127) },
      'product: expected text of',
    ],
    ['functions without a list', { ...device, functions: {} }, 'functions: expected a list of'],
    [
      'too many functions',
      { ...device, functions: Array.from({ length: 17 }, () => runtime) },
      'a list of at most 16',
    ],
    ['a function of no kind', oneOf({ type: 'x' }), 'function.type: expected "interface"'],
    ['no way to detach', oneOf({ ...runtime, detach: 'x' }), 'function.detach: expected'],
    [
      'an attribute that is no bit',
      oneOf({ ...runtime, functional: { ...functional, attributes: { canUpload: 1 } } }),
      'attributes.canUpload: expected true or false, got 1',
    ],
    ['a medium of no kind', mode({ type: 'x', name: 'm' }), 'medium.type: expected "ram-disk"'],
    ['a disk too large', mode({ type: 'ram-disk', name: 'm', sectors: 8193 }), '0 to 8192'],
    ['descriptors that did not come', face({ descriptorLengths: [1] }), 'expected bytes, got 1'],
    ['a descriptor of less than nothing', face({ descriptorLengths: [-1] }), 'bytes, got -1'],
    ['a class that is no byte', face({ triple: [256, 0, 0] }), '0: expected 0 to 255, got 256'],
  ])('is refused with %s', (_, value, words) => {
    expect(() => readUsbDescription(value)).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining(words) as string,
      }),
    );
  });
});
