import type { UsbDevice, UsbSpeed } from '../../usb/index.ts';

/** The USB controller of the chip: who answers at the connector. */
export interface UsbController {
  /** From now on this device is behind the connector; what was there before leaves the bus. */
  present(device: UsbDevice): void;
  /** Nobody is behind the connector any more. */
  remove(): void;
  readonly speed: UsbSpeed;
  /** Whether there is power on the bus: the cable is in, at both ends. */
  readonly plugged: boolean;
  /** Called when that changes. One listener; the last one counts. */
  onPlugged(listener: ((plugged: boolean) => void) | undefined): void;
}
