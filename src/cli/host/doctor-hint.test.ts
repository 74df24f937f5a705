import { expect, test } from 'vitest';
import { DfuError } from '../../bytes/index.ts';
import type { DfuErrorCode } from '../../bytes/index.ts';
import { withDoctor } from './doctor-hint.ts';

test.each<[DfuErrorCode, string, string, boolean]>([
  ['NO_USB', 'this machine has no USB', 'native', true],
  ['ACCESS', 'may not open 0483:df11', 'native', true],
  ['BUSY', 'claiming interface 0', 'native', true],
  ['NOT_FOUND', 'No DFU capable USB device available', 'native', true],
  ['NOT_FOUND', 'no board "x"', 'native', false],
  ['STALLED', 'the device refused', 'native', false],
  ['BUSY', '1-1 is lent to somebody else', 'usbip://127.0.0.1', false],
])('%s "%s" on %s points at doctor: %s', (code, message, bus, points) => {
  const told = withDoctor(new DfuError(code, message), [bus]);
  expect(told).toMatchObject({ code, message: expect.stringContaining(message) });
  expect(String(told).includes('\ndfukit doctor says')).toBe(points);
});

test('a computer without USB is told of that of another one', () => {
  const told = String(withDoctor(new DfuError('NO_USB', 'this machine has no USB'), ['native']));
  expect(told).toMatch(/how to mend it; --bus usbip:\/\/HOST is the USB of another machine$/);
});
