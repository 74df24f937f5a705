import { expect, test } from 'vitest';
import { parts } from './parts-apart.ts';

test('nobody adds rows where none are checked', () => {
  expect(() => parts.checks()).toThrow('quirks of its own are no part of this program');
});
