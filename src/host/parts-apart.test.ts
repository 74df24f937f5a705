import { expect, test } from 'vitest';
import { VirtualClock } from '../usb/index.ts';
import { parts } from './parts.ts';
import { parts as apart } from './parts-apart.ts';

const wait = { clock: new VirtualClock() };

test('what is loaded apart is what is there elsewhere', async () => {
  expect(await apart.dfuse(wait)).toBe(await parts.dfuse(wait));
  expect(await apart.readers(wait)).toBe(await parts.readers(wait));
  expect(await apart.runtime(wait)).toBe(await parts.runtime(wait));
  expect(await apart.readPlain(wait)).toBe(await parts.readPlain(wait));
});

test('what no flow asks for is not there', () => {
  expect(() => apart.expected(wait)).toThrow('expected is no part of this program');
  expect(() => apart.notOlder(wait)).toThrow('noDowngrade is no part of this program');
});
