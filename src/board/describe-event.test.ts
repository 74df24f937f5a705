import { expect, test } from 'vitest';
import { describeEvent } from './describe-event.ts';

test('a fault of machine code: registers, functions, and what was stacked', () => {
  const core = { pc: 0x1000_0234, lr: 0x1000_0211, xpsr: 0x6100_0003, unmodelled: false };
  const message = 'hard fault: nobody answers at 0x40000000';
  expect(describeEvent({ type: 'fault', message })).toBe(`* ${message}`);
  expect(describeEvent({ type: 'fault', message, core })).toBe(
    `* ${message}\n*   pc 0x10000234, lr 0x10000211, xpsr 0x61000003`,
  );
  const frame = [1, 2, 3, 4, 12, 0x1000_0211, 0x1000_0234, 0x6100_0000];
  const named = { ...core, where: 'main+0x1c', caller: 'reset_handler+0x8', frame };
  expect(describeEvent({ type: 'fault', message, core: named }).split('\n')).toEqual([
    `* ${message}`,
    '*   pc 0x10000234 main+0x1c, lr 0x10000211 reset_handler+0x8, xpsr 0x61000003',
    '*   stacked: r0 0x00000001, r1 0x00000002, r2 0x00000003, r3 0x00000004, r12 0x0000000c, lr 0x10000211, pc 0x10000234, xpsr 0x61000000',
  ]);
});
