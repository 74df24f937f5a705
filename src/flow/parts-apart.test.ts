import { expect, test } from 'vitest';
import { VirtualClock } from '../usb/index.ts';
import { parts } from './parts.ts';
import { parts as apart } from './parts-apart.ts';

const wait = { clock: new VirtualClock() };

test('what is loaded apart is what is there elsewhere', async () => {
  expect(await apart.catalogue(wait)).toBe(await parts.catalogue(wait));
  expect(await apart.images(wait)).toBe(await parts.images(wait));
});
