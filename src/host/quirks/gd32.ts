/** Pages of 1 KiB by the letter of the size in a GD32's serial number, such as `3CBJ`: B is 128 KiB. */
const PAGES: Readonly<Record<string, number>> = { B: 128, '8': 64, '6': 32, '4': 16 };

/** The layout that a GD32's serial number tells; undefined for one that is none. */
export function gd32Layout(serial: string): string | undefined {
  const [, size = ''] = /^3.([B864])J/.exec(serial) ?? [];
  const pages = PAGES[size];
  return pages === undefined ? undefined : `@Internal Flash  /0x08000000/${pages}*001Kg`;
}
