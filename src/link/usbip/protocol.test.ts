import { describe, expect, test } from 'vitest';
import type { UsbSpeed } from '../../usb/index.ts';
import { deviceIdOf, speedNumber, speedOf } from './protocol.ts';

// enum usb_device_speed of Linux: unknown, low, full, high, wireless, super, super plus.
describe('a speed', () => {
  test.each<[UsbSpeed, number]>([
    ['low', 1],
    ['full', 2],
    ['high', 3],
    ['super', 5],
  ])('%s is %i, and back', (speed, number) => {
    expect(speedNumber(speed)).toBe(number);
    expect(speedOf(number)).toBe(speed);
  });

  test.each<[string, number, UsbSpeed]>([
    ['unknown', 0, 'full'],
    ['wireless', 4, 'full'],
    ['super plus', 6, 'super'],
    ['anything above it', 0xffffffff, 'super'],
  ])('that is %s is the nearest wired one', (_, number, speed) => {
    expect(speedOf(number)).toBe(speed);
  });
});

describe('a device id', () => {
  test('has the bus above the device, and no sign', () => {
    expect(deviceIdOf(3, 0x102)).toBe(0x0003_0102);
    expect(deviceIdOf(0xffff, 0xffff)).toBe(0xffff_ffff);
    expect(deviceIdOf(0x8000, 1)).toBe(0x8000_0001);
  });

  test('takes no notice of what does not fit: a peer’s numbers have 32 bits', () => {
    expect(deviceIdOf(0x1_0003, 0x5_0102)).toBe(0x0003_0102);
  });
});
