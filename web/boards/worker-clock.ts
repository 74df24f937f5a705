import { timerClock } from 'dfukit/usb';
import type { Clock } from 'dfukit/usb';

/**
 * Real time for a worker with a chip in it. What is due now runs in a turn of its own as soon as there is one: a browser makes
 * timers wait for 4 ms that are set again and again, which a chip would fall behind in. What else there is to do in the worker gets
 * its turn in between.
 */
export function workerClock(): Clock {
  const timers = timerClock(globalThis);
  const { port1, port2 } = new MessageChannel();
  const due: { run: (() => void) | undefined }[] = [];
  port2.addEventListener('message', () => due.shift()?.run?.());
  port2.start();
  return {
    now: () => timers.now(),
    at(timeMs, run) {
      if (timeMs > timers.now()) return timers.at(timeMs, run);
      const turn: { run: (() => void) | undefined } = { run };
      due.push(turn);
      port1.postMessage(null);
      return () => {
        turn.run = undefined;
      };
    },
  };
}
