import { expect, test } from 'vitest';
import { formatUsbId, parseUsbId } from './index.ts';

test('vendor and product are read and written in hex', () => {
  const id = { idVendor: 0x1209, idProduct: 0x2 };
  expect(parseUsbId('1209:2')).toEqual(id);
  expect(parseUsbId('0x1209:0X0002')).toEqual(id);
  expect(formatUsbId(id)).toBe('1209:0002');
});

test.each([
  '',
  '1209',
  '1209:',
  ':7d02',
  '1209:7d02:1',
  '12345:1',
  '1209:7g',
  ' 1209:7d02',
  '0x:1',
])('%j is no id', (text) => {
  expect(() => parseUsbId(text)).toThrow(
    `USB id: expected VID:PID in hex, e.g. 1209:7d02, got "${text}"`,
  );
});
