import { describe, expect, test } from 'vitest';
import { dfuse, plain } from '../../test/support/host-bench.ts';
import { writeIntelHex } from '../image/index.ts';
import { sendPlan } from './index.ts';
import type { DfuInterface, SendOptions } from './index.ts';
import { canBePlaced } from './place.ts';
import { placedByLayout } from './placed-by-layout.ts';

const flash: DfuInterface = { ...dfuse, alternate: 0, name: '@Flash /0x08000000/64*002Kg' };
const option: DfuInterface = { ...dfuse, alternate: 1, name: '@Option Bytes /0x1FFFF800/01*016 e' };
const copy: DfuInterface = { ...flash, alternate: 2 };
const data = Uint8Array.of(1, 2, 3, 4);

function hex(...addresses: readonly number[]): Uint8Array {
  const text = writeIntelHex(addresses.map((address) => ({ address, bytes: data })));
  return new TextEncoder().encode(text);
}

/** `0: 8000000; 1: 1ffff800`, or the code of the error. */
function placed(
  file: Uint8Array,
  alternates: readonly DfuInterface[],
  options: SendOptions = {},
): string {
  const plan = placedByLayout(sendPlan(file, options), alternates[0] ?? flash, alternates);
  return plan.targets
    .map(({ alternate, elements }) => {
      const where = elements.map(({ address }) => address?.toString(16));
      return `${alternate}: ${where.join(' ')}`;
    })
    .join('; ');
}

describe('pieces with addresses go where the layouts have them', () => {
  test('to one alternate each, split among several', () => {
    expect(placed(hex(0x1ffff800), [flash, option])).toBe('1: 1ffff800');
    expect(placed(hex(0x08000000, 0x08000800, 0x1ffff800), [flash, option])).toBe(
      '0: 8000000 8000800; 1: 1ffff800',
    );
    expect(placed(data, [flash, option], { address: 0x1ffff804 })).toBe('1: 1ffff804');
  });

  test('what no alternate takes whole is refused, and says what there is', () => {
    const outside = (): string => placed(hex(0x20000000), [flash, option]);
    expect(outside).toThrow(
      /no alternate setting has writable memory for 0x20000000 to 0x20000003; there is:\n {2}0 "@Flash .*\n {2}1 "@Option/,
    );
    expect(() => placed(hex(0x0801fffe), [flash, option])).toThrow(/0x0801fffe to 0x08020001/);
  });

  test('what several can take is asked for', () => {
    const either = (): string => placed(hex(0x08000000), [flash, option, copy]);
    expect(either).toThrow(/fits several alternate settings: 0 "@Flash .*, 2 "@Flash/);
  });

  test('nothing is placed where there is nothing to choose', () => {
    expect(placed(hex(0x20000000), [flash])).toBe('undefined: 20000000');
    expect(placed(hex(0x20000000), [plain, { ...plain, alternate: 1 }])).toBe(
      'undefined: 20000000',
    );
    expect(canBePlaced(sendPlan(data))).toBe(false);
    expect(canBePlaced(sendPlan(data, { address: 0, dialect: 'dfu' }))).toBe(false);
  });
});
