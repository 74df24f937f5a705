import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { FILES, replay } from '../support/usbd-dfu/replay.ts';

const folder = fileURLToPath(new URL('../vectors/usbd-dfu/', import.meta.url));

describe.each(FILES)('recordings of the crate usbd-dfu: %s', (file) => {
  const cases = replay(folder + file);

  test('there are some', () => {
    expect(cases.length).toBeGreaterThan(7);
  });

  test.each(cases)('$name', ({ differences }) => {
    expect(differences).toEqual([]);
  });
});
