import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
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
