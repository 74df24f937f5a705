import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DfuError } from '../bytes/index.ts';
import { buildFirmware } from './firmware-build.ts';
import { firmwareExamples, loadExample } from './firmware-examples.ts';

const examples = resolve(import.meta.dirname, '../../firmware');
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe('building firmware', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'dfukit-firmware-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test.each(firmwareExamples)('bundles %s with and without the run-time function', async (name) => {
    const without = textOf(await buildFirmware(join(examples, name)));
    const dfu = textOf(await buildFirmware(join(examples, name), { modules: ['usbus_dfu'] }));
    expect(without).not.toContain('dfu-runtime');
    expect(dfu).toContain('dfu-runtime');
    for (const text of [without, dfu]) {
      expect(text).not.toMatch(/\bimport\b/);
      expect(text).not.toContain('MODULE_USBUS_DFU');
      expect(text).toMatch(/export\s*\{\s*main\s*\}/);
    }
  });

  test.each([
    ['nothing to import from', "import 'node:fs'; export const main = () => 0;", 'MALFORMED'],
    ['no entry function', 'export const start = () => 0;', 'MALFORMED'],
    ['no syntax', 'export const = 3;', 'MALFORMED'],
  ] as const)('refuses a firmware with %s', async (_, source, code) => {
    writeFileSync(join(directory, 'main.ts'), source);
    await expect(buildFirmware(directory)).rejects.toSatisfy((error) => DfuError.is(error, code));
  });

  test('says what it looks for in a folder without a firmware', async () => {
    await expect(buildFirmware(directory)).rejects.toThrow(/main\.ts, main\.js/);
  });

  test('knows its modules', async () => {
    await expect(buildFirmware(directory, { modules: ['gnrc'] })).rejects.toThrow(/usbus_dfu/);
  });

  test('knows its examples', () => {
    expect(() => loadExample('blinky')).toThrow(/hello-world, usbus-minimal, saul/);
  });
});
