import { beforeEach, describe, expect, test } from 'vitest';
import type { HostEvent } from '../host/index.ts';
import { VirtualClock } from '../usb/index.ts';
import { ProgressMeter } from './progress.ts';

let clock: VirtualClock;
let meter: ProgressMeter;

const moved = (
  doneBytes: number,
  operation: 'download' | 'erase' | 'upload' = 'download',
): HostEvent => ({
  type: 'progress',
  operation,
  doneBytes,
  totalBytes: 10_000,
});

beforeEach(() => {
  clock = new VirtualClock(1000);
  meter = new ProgressMeter(clock, 'prepare');
});

describe('progress', () => {
  test('has no rate before there is anything to tell it by', () => {
    expect(meter.hear(moved(0))).toBe(true);
    expect(meter.progress).toMatchObject({ phase: 'download', bytesPerSecond: undefined });
    clock.advance(200);
    expect(meter.hear(moved(200))).toBe(true);
    expect(meter.progress).toMatchObject({ bytesPerSecond: undefined, remainingMs: undefined });
  });

  test('has a rate that follows, and does not jump', () => {
    meter.hear(moved(0));
    for (let at = 1; at <= 10; at += 1) {
      clock.advance(100);
      meter.hear(moved(at * 100));
    }
    expect(meter.progress.bytesPerSecond).toBeCloseTo(1000);
    expect(meter.progress.remainingMs).toBeCloseTo(9000);
    clock.advance(100);
    meter.hear(moved(2000));
    expect(meter.progress.bytesPerSecond).toBeGreaterThan(1000);
    expect(meter.progress.bytesPerSecond).toBeLessThan(2000);
  });

  test('counts what comes at the same moment', () => {
    meter.hear(moved(0));
    clock.advance(500);
    meter.hear(moved(200));
    meter.hear(moved(400));
    clock.advance(500);
    meter.hear(moved(600));
    expect(meter.progress.bytesPerSecond).toBeGreaterThan(400);
  });

  test('is told ten times a second at most, and its end always', () => {
    meter.hear(moved(0));
    let told = 0;
    for (let at = 1; at <= 1000; at += 1) {
      clock.advance(1);
      if (meter.hear(moved(at * 10))) told += 1;
    }
    expect(told).toBe(10);
    expect(meter.progress.doneBytes).toBe(10_000);
  });

  test('begins anew with a phase, and where it starts again', () => {
    meter.hear(moved(0, 'erase'));
    clock.advance(1000);
    meter.hear(moved(5000, 'erase'));
    expect(meter.progress.bytesPerSecond).toBe(5000);
    expect(meter.hear(moved(0))).toBe(true);
    expect(meter.progress).toMatchObject({ phase: 'download', bytesPerSecond: undefined });
    clock.advance(1000);
    meter.hear(moved(9000));
    expect(meter.hear(moved(10))).toBe(true);
    expect(meter.progress).toMatchObject({ doneBytes: 10, bytesPerSecond: undefined });
  });

  test('knows of no rest where nobody knows how much there is', () => {
    meter.hear({ ...moved(0), totalBytes: undefined } as HostEvent);
    clock.advance(1000);
    meter.hear({ ...moved(500), totalBytes: undefined } as HostEvent);
    expect(meter.progress).toMatchObject({ bytesPerSecond: 500, remainingMs: undefined });
  });

  test('does not tell what says nothing of it', () => {
    expect(meter.hear({ type: 'note', message: 'x' })).toBe(false);
    expect(meter.hear(moved(0, 'upload'))).toBe(false);
    expect(meter.hear({ type: 'manifesting', state: undefined })).toBe(true);
    expect(meter.hear({ type: 'manifesting', state: undefined })).toBe(false);
    expect(meter.progress.phase).toBe('manifest');
  });
});
