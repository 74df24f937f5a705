import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { RuntimeBench } from '../support/usbd-dfu-rt/bench.ts';
import { FILES, replay } from '../support/usbd-dfu-rt/replay.ts';

const folder = fileURLToPath(new URL('../vectors/usbd-dfu-rt/', import.meta.url));

describe.each(FILES)('recordings of the crate usbd-dfu-rt: %s', (file) => {
  const cases = replay(folder + file);

  test('there are some, with steps', () => {
    expect(cases.length).toBeGreaterThan(20);
    expect(cases.filter(({ steps }) => steps === 0)).toEqual([]);
  });

  test.each(cases)('$name', ({ differences }) => {
    expect(differences).toEqual([]);
  });
});

test('a data stage beyond the control buffer of usb-device 0.2.9 is stalled before the class sees it', () => {
  const bench = new RuntimeBench({ consts: {}, interface: 0 });
  const step = { op: 'control', setup: '2100640000008100', data: '0001020304050607..' } as const;
  expect(bench.run(step)).toEqual({ ...step, result: 'stalled', stage: 'data', state: 0 });
});
