import type { Selection } from '../../host/index.ts';
import type { Clock, UsbBus } from '../../usb/index.ts';
import type { Wishes } from './command-line.ts';
import type { Voice } from './voice.ts';

/** What the work on a device has around it. */
export interface Surroundings {
  readonly wishes: Wishes;
  readonly selection: Selection;
  readonly bus: UsbBus;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly voice: Voice;
}
