import { fromHex } from '../../src/bytes/index.ts';
import type { System } from '../../src/cli/doctor/system.ts';

/** What a test says of a computer; the rest is a Linux desktop on which all is well. */
export type FakeSystemOptions = Partial<Omit<System, 'bytes' | 'names' | 'link' | 'exists'>> & {
  /** Files by path; a text that begins with `->` is a link. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
};

/** A computer whose files are a table. */
export function fakeSystem({ files = {}, ...own }: FakeSystemOptions = {}): System {
  const paths = Object.keys(files);
  const file = (path: string): string | Uint8Array | undefined => files[path];
  const isBelow = (path: string) => (each: string) => each.startsWith(`${path}/`);
  return {
    platform: 'linux',
    arch: 'x64',
    release: '6.12.0',
    libc: 'glibc',
    environment: {},
    user: { name: 'ada', isRoot: false, groups: ['ada'] },
    bytes: (path) => {
      const found = file(path);
      return typeof found === 'string' ? new TextEncoder().encode(found) : found;
    },
    names: (path) => {
      const below = paths.filter(isBelow(path));
      if (below.length === 0) return undefined;
      return [...new Set(below.map((each) => each.slice(path.length + 1).split('/')[0] ?? ''))];
    },
    link: (path) => {
      const found = file(path);
      return typeof found === 'string' && found.startsWith('->') ? found.slice(2) : undefined;
    },
    exists: (path) => file(path) !== undefined || paths.some(isBelow(path)),
    owner: () => ({ owner: 'root', group: 'root', mode: 0o664 }),
    openFailure: () => undefined,
    holders: () => [],
    hasGroup: () => false,
    usbFailure: () => Promise.resolve(undefined),
    ...own,
  };
}

/** The descriptors of an STM32 in its ROM, as sysfs has them. */
const STM32 = fromHex(
  '12010001000000408304 11df000201020301 09021b00010100c032 0904000000fe010204 09210bff0000081a01'.replaceAll(
    ' ',
    '',
  ),
);

/** A Linux system with a root hub and an STM32 in its ROM at port 1-2. */
export function stm32Files(
  more: Readonly<Record<string, string | Uint8Array>> = {},
): Readonly<Record<string, string | Uint8Array>> {
  const at = '/sys/bus/usb/devices/1-2';
  return {
    '/sys/bus/usb/devices/usb1/busnum': '1\n',
    [`${at}/descriptors`]: STM32,
    [`${at}/busnum`]: '1\n',
    [`${at}/devnum`]: '4\n',
    [`${at}/authorized`]: '1\n',
    [`${at}/bConfigurationValue`]: '1\n',
    [`${at}/product`]: 'STM32  BOOTLOADER\n',
    [`${at}/serial`]: '205F36825032\n',
    [`${at}/driver`]: '->usb',
    '/dev/bus/usb/001/004': '',
    '/run/udev/control': '',
    ...more,
  };
}
