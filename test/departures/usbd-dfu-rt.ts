import type { Original } from './original.ts';

/** What profile `usbd-dfu-rt` does otherwise than the Rust crate. */
export const usbdDfuRt = {
  title: 'usbd-dfu-rt 0.3.1 and 0.4.0',
  about:
    '`--profile usbd-dfu-rt` answers as the Rust crate does on usb-device 0.2.9 ([run-time mode](run-time.md)).',
  departures: {},
} as const satisfies Original;
