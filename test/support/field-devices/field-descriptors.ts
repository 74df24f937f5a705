import {
  DescriptorType,
  deviceDescriptor,
  encodeConfiguration,
  encodeLanguages,
  encodeString,
} from '../../../src/usb/index.ts';
import type { FieldWords } from './words.ts';

const SERIAL = 3;
const FIRST_NAME = 10;
const APPLICATION = 4;

/** The functional descriptor of a device. */
function functional({ attributes = 0x0f, blockBytes = 1024, version }: FieldWords): Uint8Array {
  const words = [1000, blockBytes, version].flatMap((word) => [word & 0xff, word >> 8]);
  return Uint8Array.of(9, DescriptorType.dfuFunctional, attributes, ...words);
}

/** The descriptors of a device as it is now. */
export function fieldDevice(words: FieldWords, isRunTime: boolean): Uint8Array {
  return deviceDescriptor.encode({
    bcdUSB: 0x0200,
    bDeviceClass: 0,
    bDeviceSubClass: 0,
    bDeviceProtocol: 0,
    bMaxPacketSize0: 64,
    idVendor: words.idVendor,
    idProduct: isRunTime ? (words.runTime?.idProduct ?? 0) : words.idProduct,
    bcdDevice: words.bcdDevice ?? 0x0100,
    iManufacturer: 0,
    iProduct: 0,
    iSerialNumber: SERIAL,
    bNumConfigurations: 1,
  });
}

export function fieldConfiguration(words: FieldWords, isRunTime: boolean): Uint8Array {
  const counts = new Map<number, number>();
  const all = isRunTime ? [{ interface: 0 }] : words.settings;
  const settings = all.map(({ interface: number = 0 }, index) => {
    const bAlternateSetting = counts.get(number) ?? 0;
    counts.set(number, bAlternateSetting + 1);
    const named = isRunTime || words.settings[index]?.name !== undefined;
    return {
      descriptor: {
        bInterfaceNumber: number,
        bAlternateSetting,
        bNumEndpoints: 0,
        bInterfaceClass: 0xfe,
        bInterfaceSubClass: 1,
        bInterfaceProtocol: isRunTime ? 1 : (words.protocol ?? 2),
        iInterface: isRunTime ? APPLICATION : named ? FIRST_NAME + index : 0,
      },
      // Behind the last setting of each interface, as most do.
      extra: all.slice(index + 1).some((each) => (each.interface ?? 0) === number)
        ? []
        : [functional(words)],
    };
  });
  const head = { bConfigurationValue: 1, iConfiguration: 0, bmAttributes: 0x80, bMaxPower: 50 };
  return encodeConfiguration(head, settings);
}

/** A string descriptor; undefined if it has none of that number. */
export function fieldString(
  words: FieldWords,
  isRunTime: boolean,
  index: number,
): Uint8Array | undefined {
  if (index === 0) return encodeLanguages([0x0409]);
  if (index === APPLICATION) return encodeString('application');
  if (index === SERIAL) {
    const serial = (isRunTime ? words.runTime?.serial : undefined) ?? words.serial ?? 'FIELD';
    return typeof serial === 'string' ? encodeString(serial) : serial;
  }
  const name = words.settings[index - FIRST_NAME]?.name;
  return name === undefined ? undefined : encodeString(name);
}
