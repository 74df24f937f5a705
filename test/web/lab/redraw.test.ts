import { VirtualClock } from 'dfukit/usb';
import { expect, test } from 'vitest';
import { Redraw } from '../../../web/lab/redraw.ts';

const PICTURE_MS = 16;

/** A browser that shows a picture every 16 ms, and a drawing that counts. */
function bench() {
  const clock = new VirtualClock();
  const stops = new Map<number, () => void>();
  const drawnMs: number[] = [];
  let last = 0;
  const after = (run: () => void, ms: number): number => {
    stops.set(++last, clock.at(clock.now() + ms, run));
    return last;
  };
  const stop = (number: number): void => stops.get(number)?.();
  const redraw = new Redraw(() => drawnMs.push(clock.now()), {
    performance: clock,
    requestAnimationFrame: (run) => after(run, PICTURE_MS - (clock.now() % PICTURE_MS)),
    cancelAnimationFrame: stop,
    setTimeout: after,
    clearTimeout: stop,
  });
  return { clock, redraw, drawnMs };
}

test('what happens once is drawn at the next picture', () => {
  const { clock, redraw, drawnMs } = bench();
  redraw.soon();
  redraw.soon();
  clock.advance(1000);
  expect(drawnMs).toEqual([16]);
});

test('what happens ten thousand times a second is drawn a dozen times, and its end is', () => {
  const { clock, redraw, drawnMs } = bench();
  for (let n = 0; n < 10_000; n++) {
    redraw.soon();
    clock.advance(0.1);
  }
  expect(drawnMs.length).toBeGreaterThan(8);
  expect(drawnMs.length).toBeLessThan(14);
  clock.advance(1000);
  expect(drawnMs.at(-1)).toBeGreaterThanOrEqual(1000);
});

test('what a person does is drawn at the next picture all the same, and once', () => {
  const { clock, redraw, drawnMs } = bench();
  redraw.soon();
  clock.advance(20);
  redraw.soon();
  clock.advance(5);
  redraw.now();
  redraw.now();
  clock.advance(1000);
  expect(drawnMs).toEqual([16, 32]);
});

test('nothing is drawn for who has gone', () => {
  const { clock, redraw, drawnMs } = bench();
  redraw.soon();
  redraw.stop();
  clock.advance(100);
  redraw.now();
  clock.advance(20);
  redraw.soon();
  redraw.stop();
  clock.advance(1000);
  expect(drawnMs).toEqual([112]);
});
