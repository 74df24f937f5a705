import { configurationDescriptor, encodeConfiguration } from '../../src/usb/index.ts';
import { mutated } from './mutate.ts';
import type { Random } from './random.ts';

/* What a device can say of itself that is not so. */

/** Names of memories and devices that no sound device has. */
const NAMES: readonly string[] = [
  '',
  '@',
  '@Flash',
  '@Flash /0x08000000',
  '@Flash /0x08000000/',
  '@Flash /0x08000000/16*001Kg,',
  '@Flash /0x08000000/00*002Ka,04*016Kg',
  '@Flash /0x08000000/4294967295*999Mg',
  '@Flash /0xffffffffffffffff/1*1Kg',
  '@Flash /0xfffffc00/16*001Kg',
  '@Flash /0x08000000/1*0Kg',
  '@Flash /0x08000000/16*001Kz',
  '@Flash /0x08000000/16*001Kg/0x08000000/16*001Kg',
  '@Flash /0x08000000/999999*001 g',
  `@Flash ${'/0x0/1*1Bg'.repeat(9)}`,
  '\u001b[2J\u001b]0;owned\u0007@Flash /0x08000000/16*001Kg',
  '\u009b31m\u202egnp.exe\u2066',
  'line\r\ndfukit: Done!\n',
  '\ud800\udc00\ud800',
  '\udfff'.repeat(40),
  'a\u0000b',
  '"}\n{"type":"downloaded","outcome":"verified"}',
  '%s%n${x}`id`',
];

/** A string descriptor, of a strange text or strange in itself. */
export function lyingString(random: Random): Uint8Array {
  const bytes = Buffer.from(random.pick(NAMES), 'utf16le').subarray(0, 252);
  const said = random.once(4) ? random.below(256) : bytes.length + 2;
  const odd = random.once(6) ? bytes.subarray(0, bytes.length - 1) : bytes;
  return Uint8Array.from([said, random.once(10) ? random.below(256) : 3, ...odd]);
}

/** A functional descriptor, or what stands where one is expected. */
function functional(random: Random): Uint8Array {
  const size = random.pick([0, 1, 64, 512, 2048, 0xffff]);
  const version = random.pick([0, 0x0100, 0x0110, 0x011a, 0xffff]);
  const words = [random.below(256), random.below(256), random.below(256), size & 0xff, size >> 8];
  const sound = [9, 0x21, ...words, version & 0xff, version >> 8];
  const cut = random.once(3) ? sound.slice(0, random.below(9)) : sound;
  if (random.once(4) && cut.length > 0) cut[0] = random.below(256);
  return Uint8Array.from(cut);
}

/** A configuration that is well made up to a point: alternates, places, lengths and counts are as they come. */
export function lyingConfiguration(honest: Uint8Array, random: Random): Uint8Array {
  if (random.once(3)) return mutated(honest, random);
  const count = random.pick([1, 2, 5, 300]);
  const settings = Array.from({ length: count }, (_, at) => ({
    descriptor: {
      bInterfaceNumber: random.once(5) ? random.below(256) : 0,
      bAlternateSetting: random.once(8) ? random.below(256) : at & 0xff,
      bNumEndpoints: 0,
      bInterfaceClass: 0xfe,
      bInterfaceSubClass: 1,
      bInterfaceProtocol: random.pick([1, 2, 2, 2, 0, 255]),
      iInterface: random.below(256),
    },
    extra: Array.from({ length: random.pick([0, 1, 1, 2, 40]) }, () => functional(random)),
  }));
  const { bConfigurationValue, iConfiguration, bmAttributes, bMaxPower } =
    configurationDescriptor.decode(honest.subarray(0, 9));
  const head = { bConfigurationValue, iConfiguration, bmAttributes, bMaxPower };
  const made = Uint8Array.from(encodeConfiguration(head, settings));
  if (random.once(2)) return made;
  const total = random.pick([0, 1, 8, 9, made.length - 1, made.length + 1, 0xffff]);
  made.set([total & 0xff, total >> 8], 2);
  if (random.once(2)) made[4] = random.below(256);
  return made;
}

/** An answer to DFU_GETSTATUS with any state, any status, and times up to the longest there is. */
export function lyingStatus(random: Random): Uint8Array {
  const ms = random.pick([0, 1, 100, 5000, 65_535, 1_000_000, 0xffffff]);
  const state = random.once(3) ? random.below(256) : random.below(11);
  const status = random.once(3) ? random.below(256) : 0;
  const whole = [status, ms & 0xff, (ms >> 8) & 0xff, ms >> 16, state, random.below(256)];
  return Uint8Array.from(random.once(8) ? whole.slice(0, random.below(6)) : whole);
}
