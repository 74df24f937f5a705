import type { BusDevice, ControlPipe, UsbBus } from '../usb/index.ts';

/**
 * A bus with one device, which is open already: its pipe is lent to whoever opens the device, and stays open
 * when that one closes it. Once the device has left nothing is there any more, and nothing comes.
 */
export function pipeBus(pipe: ControlPipe): UsbBus {
  let isGone = false;
  const listeners = new Set<() => void>();
  const watchIt = async (): Promise<void> => {
    await pipe.gone;
    isGone = true;
    for (const listener of listeners) listener();
  };
  void watchIt();
  const device: BusDevice = { ...pipe.device, open: () => Promise.resolve(lent(pipe, device)) };
  return {
    list: () => Promise.resolve(isGone ? [] : [device]),
    watch(listener) {
      const own = (): void => listener({ type: 'detached', id: device.id });
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    close: () => Promise.resolve(),
  };
}

/** Closing it releases what was claimed by way of it, and nothing else. */
function lent(pipe: ControlPipe, device: BusDevice): ControlPipe {
  const claimed = new Set<number>();
  return {
    device,
    gone: pipe.gone,
    controlIn: (request, length, options) => pipe.controlIn(request, length, options),
    controlOut: (request, data, options) => pipe.controlOut(request, data, options),
    async claimInterface(interfaceNumber) {
      await pipe.claimInterface(interfaceNumber);
      claimed.add(interfaceNumber);
    },
    async releaseInterface(interfaceNumber) {
      claimed.delete(interfaceNumber);
      await pipe.releaseInterface(interfaceNumber);
    },
    selectAlternate: (interfaceNumber, alternate) =>
      pipe.selectAlternate(interfaceNumber, alternate),
    reset: () => pipe.reset(),
    async close() {
      for (const interfaceNumber of claimed) await pipe.releaseInterface(interfaceNumber);
      claimed.clear();
    },
  };
}
