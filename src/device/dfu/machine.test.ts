import { describe, expect, test } from 'vitest';
import { DFU_STATES } from '../../dfu/index.ts';
import type { DfuState } from '../../dfu/index.ts';
import { COMPATIBLE, RIOTBOOT, USBD_DFU, ZEPHYR } from '../index.ts';
import { dfuStep } from './machine.ts';
import type { DfuContext, DfuEvent } from './machine.ts';
import { DFU_MODE, dfuMachine } from './profile.ts';

const context: DfuContext = {
  canDnload: true,
  canUpload: true,
  manifestationTolerant: true,
  work: 'busy',
  failure: 'OK',
  complete: true,
  firmwareGood: true,
  enumerated: true,
  mayLeave: true,
};

/** The states that an event leads out of, and where to. */
function moves(event: DfuEvent, more: Partial<DfuContext> = {}): Record<string, DfuState> {
  const found: Record<string, DfuState> = {};
  for (const state of DFU_STATES) {
    const [next] = dfuStep(state, event, { ...context, ...more });
    if (next !== state) found[state] = next;
  }
  return found;
}

describe('what the specification does not mention', () => {
  test('another alternate setting ends a transfer, and no manifestation', () => {
    expect(moves('ALTERNATE')).toEqual({
      'dfuDNLOAD-SYNC': 'dfuIDLE',
      dfuDNBUSY: 'dfuIDLE',
      'dfuDNLOAD-IDLE': 'dfuIDLE',
      'dfuUPLOAD-IDLE': 'dfuIDLE',
    });
  });

  test('the selected one ends it between two blocks only', () => {
    expect(moves('SAME_ALTERNATE')).toEqual({
      'dfuDNLOAD-IDLE': 'dfuIDLE',
      'dfuUPLOAD-IDLE': 'dfuIDLE',
    });
  });

  test.each(['ALTERNATE', 'SAME_ALTERNATE'] as const)(
    '%s ends nothing where the real device does not',
    (event) => {
      for (const profile of [RIOTBOOT, ZEPHYR, USBD_DFU]) {
        for (const state of DFU_MODE) {
          expect(dfuMachine(profile)(state, event, context)).toEqual([state, { do: 'nothing' }]);
        }
      }
    },
  );

  test('a block whose data never comes leads back to where it was announced', () => {
    expect(moves('ABANDONED')).toEqual({});
    const back = dfuStep('dfuDNLOAD-SYNC', 'ABANDONED', { ...context, blockFrom: 'dfuERROR' });
    expect(back).toEqual(['dfuERROR', { do: 'nothing' }]);
  });

  test('a function begins anew from any state', () => {
    expect(DFU_STATES.map((state) => dfuStep(state, 'BEGIN_DFU', context))).toEqual(
      DFU_STATES.map(() => ['dfuIDLE', { do: 'begin' }]),
    );
    expect(DFU_STATES.map((state) => dfuStep(state, 'BEGIN_RUNTIME', context)[0])).toEqual(
      DFU_STATES.map(() => 'appIDLE'),
    );
  });
});

describe('a reset that ends DFU mode', () => {
  test('is the application at once, or in a while: until then it is what it was', () => {
    for (const state of DFU_MODE) {
      expect(dfuStep(state, 'RESET', context)).toEqual(['appIDLE', { do: 'boot' }]);
      const waits = state === 'dfuMANIFEST-WAIT-RESET';
      expect(dfuStep(state, 'RESET', { ...context, lingers: true })).toEqual([
        waits ? state : 'dfuIDLE',
        { do: 'boot' },
      ]);
    }
  });

  test('power that comes back finds no host to wait for', () => {
    const step = dfuMachine(COMPATIBLE)('dfuIDLE', 'POWER_ON', { ...context, lingers: true });
    expect(step).toEqual(['appIDLE', { do: 'boot' }]);
  });
});
