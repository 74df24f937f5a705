import type { UsbBus } from 'dfukit/usb';

/** Resolves when something is on the bus, and at the latest after that time: a board boots before it is seen there. */
export function onBus(bus: UsbBus, mostMs: number): Promise<void> {
  return new Promise((resolve) => {
    const stop = bus.watch(({ type }) => {
      if (type === 'attached') end();
    });
    const timer = setTimeout(end, mostMs);
    function end(): void {
      clearTimeout(timer);
      stop();
      resolve();
    }
    // A bus that cannot be listed is one for the flasher to tell of.
    bus.list().then(
      (devices) => devices.length > 0 && end(),
      () => end(),
    );
  });
}
