import { timerClock } from '../usb/index.ts';
import type { Clock, TimerHost } from '../usb/index.ts';

/** This machine's time. */
export function realTime(): Clock {
  // Browsers and Node have it, and the types of this room know neither.
  const host: object = globalThis;
  return timerClock(host as TimerHost);
}
