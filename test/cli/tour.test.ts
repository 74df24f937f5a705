import { beforeAll, describe, expect, test, vi } from 'vitest';
import { dfukit, prepareBuild } from '../support/built-cli.ts';

const LIMIT_MS = 180_000;

beforeAll(() => prepareBuild(), LIMIT_MS);

/** What a newcomer must see, in this order; other lines stand between. */
const story = [
  'A particle-xenon without firmware is switched on',
  'power-on: DFU mode (no valid slot)',
  'Found DFU: [1209:7d02]',
  'name="RIOT-OS Slot 1"',
  'application of slot 0, version 1 (newest slot)',
  'Hello World!',
  'Found Runtime: [1209:7d00]',
  'software: DFU mode (magic number)',
  'application of slot 1, version 2 (newest slot)',
  'SENSE_TEMP',
  'power-on: application of slot 1, version 2 (newest slot)',
  'I: Image version: v1.0.0',
  'Found Runtime: [2fe3:0005]',
  'name="slot1_image"',
  'I: Image index: 0, Swap type: test',
  'I: Image version: v2.0.0',
  'Hello World!',
  'I: Image index: 0, Swap type: revert',
  'I: Image version: v1.0.0',
  'A stm32f072b_disco runs a firmware',
  'Found DFU: [0483:df11]',
  'application (left the loader)',
  'Hello World!',
  'npx dfukit board run particle-xenon',
];

describe('npm start', () => {
  test('tours every way of flashing, to its end', { timeout: LIMIT_MS }, async () => {
    // There is no folder where the key of the examples could be kept.
    vi.stubEnv('XDG_CONFIG_HOME', '/dev/null/nowhere');
    const { status, out, err } = await dfukit('tour');
    vi.unstubAllEnvs();
    expect(err).toBe('');
    expect(status).toBe(0);
    let at = 0;
    for (const line of story) {
      const found = out.indexOf(line, at);
      expect(found, `"${line}" after ${JSON.stringify(out.slice(0, at).slice(-200))}`).not.toBe(-1);
      at = found + line.length;
    }
  });
});
