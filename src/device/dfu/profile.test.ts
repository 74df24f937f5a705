import { describe, expect, test } from 'vitest';
import { DFU_STATES } from '../../dfu/index.ts';
import { DFU_PROFILES } from '../index.ts';
import { dfuStep } from './machine.ts';
import type { DfuContext, DfuEvent } from './machine.ts';
import { dfuMachine } from './profile.ts';

const flags = [true, false];
/** Every combination of what the table asks; the attributes do not matter to profiles. */
const contexts = flags.flatMap((firmwareGood) =>
  flags.flatMap((enumerated) =>
    flags.map((mayLeave): DfuContext => ({
      canDnload: true,
      canUpload: true,
      manifestationTolerant: true,
      work: 'done',
      failure: 'OK',
      complete: true,
      firmwareGood,
      enumerated,
      mayLeave,
    })),
  ),
);

describe.each(Object.entries(DFU_PROFILES))('profile %s', (name, profile) => {
  test('is called so', () => {
    expect(profile.name).toBe(name);
  });

  test('names each deviation once, with a reason', () => {
    const names = profile.deviations.map((each) => each.name);
    expect(new Set(names).size).toBe(names.length);
    expect(profile.deviations.filter(({ why }) => why.length < 10)).toEqual([]);
  });

  test('deviates from the table where it says so, and nowhere else', () => {
    const machine = dfuMachine(profile);
    const events: DfuEvent[] = ['DETACH', 'DNLOAD', 'DNLOAD_END', 'UPLOAD', 'GETSTATUS'];
    events.push('CLRSTATUS', 'GETSTATE', 'ABORT', 'OTHER', 'SHORT_FRAME', 'POLL_TIMEOUT');
    events.push('DETACH_TIMEOUT', 'DETACH_DUE', 'FAIL', 'RESET', 'POWER_ON', 'ABANDONED');
    events.push('ALTERNATE', 'SAME_ALTERNATE', 'BEGIN_RUNTIME', 'BEGIN_DFU');
    const cells = DFU_STATES.flatMap((state) => events.map((event) => ({ state, event })));
    const named = (state: string, event: string): boolean =>
      profile.deviations.some(
        (each) =>
          each.states.some((one) => one === state) && each.events.some((one) => one === event),
      );
    const different = cells.filter(({ state, event }) =>
      contexts.some(
        (context) =>
          JSON.stringify(machine(state, event, context)) !==
          JSON.stringify(dfuStep(state, event, context)),
      ),
    );
    expect(different.filter(({ state, event }) => !named(state, event))).toEqual([]);
    expect(different.length).toBeGreaterThan(0);
  });
});
