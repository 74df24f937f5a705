import type { Original } from './original.ts';

/** What profile `usbd-dfu` does otherwise than the Rust crate. */
export const usbdDfu = {
  title: 'usbd-dfu 0.4.1',
  about: '`--profile usbd-dfu` answers as the Rust crate does.',
  departures: {},
} as const satisfies Original;
