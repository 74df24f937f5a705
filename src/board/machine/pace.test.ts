import { expect, test } from 'vitest';
import { Pace } from './pace.ts';

test("a chip's time goes with that of the world", () => {
  const pace = new Pace(100);
  expect([pace.chipNs(100), pace.chipNs(103), pace.wallMs(2_500_000)]).toEqual([0, 3e6, 102.5]);
  pace.anchor(200, 7e6);
  expect([pace.chipNs(201), pace.wallMs(8e6)]).toEqual([8e6, 201]);
});

test('what it is behind by more than 5 ms it need not catch up', () => {
  const pace = new Pace(0);
  pace.reached(10, 5e6);
  expect(pace.chipNs(10)).toBe(10e6);
  pace.reached(10, 4.9e6);
  expect(pace.chipNs(10)).toBe(4.9e6);
});
