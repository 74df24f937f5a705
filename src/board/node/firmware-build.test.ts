import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DfuError } from '../../bytes/index.ts';
import { BUNDLER_VERSION, buildFirmware } from './firmware-build.ts';
import {
  exampleFileName,
  exampleVariants,
  firmwareExamples,
  loadExample,
} from '../examples/index.ts';

const examples = resolve(import.meta.dirname, '../../../firmware');
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe('building firmware', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'dfukit-firmware-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const withModule = firmwareExamples.filter((name) =>
    exampleVariants(name).some(({ modules = [] }) => modules.includes('usbus_dfu')),
  );
  test.each(withModule)('bundles %s with and without the run-time function', async (name) => {
    const without = textOf(await buildFirmware(join(examples, name)));
    const dfu = textOf(await buildFirmware(join(examples, name), { modules: ['usbus_dfu'] }));
    expect(without).not.toContain('dfu-runtime');
    expect(dfu).toContain('dfu-runtime');
  });

  const variants = firmwareExamples.flatMap((name) =>
    exampleVariants(name).map(
      (options) => [exampleFileName(name, options), name, options] as const,
    ),
  );
  test.each(variants)('bundles %s to one module', async (_, name, options) => {
    const text = textOf(await buildFirmware(join(examples, name), options));
    expect(text).not.toMatch(/^\s*import\b/m);
    expect(text).not.toMatch(/MODULE_USBUS_DFU|CONFIG_APP_/);
    expect(text).toMatch(/export\s*\{\s*main\s*\}/);
  });

  test('these examples have the module', () => {
    expect(withModule).toEqual(['hello-world', 'usbus-minimal', 'saul']);
  });

  test.each([
    ['nothing to import from', "import 'node:fs'; export const main = () => 0;", 'MALFORMED'],
    ['no entry function', 'export const start = () => 0;', 'MALFORMED'],
    ['no syntax', 'export const = 3;', 'MALFORMED'],
  ] as const)('refuses a firmware with %s', async (_, source, code) => {
    writeFileSync(join(directory, 'main.ts'), source);
    await expect(buildFirmware(directory)).rejects.toSatisfy((error) => DfuError.is(error, code));
  });

  test.each(['export const = 3;', "import 'node:fs'; export const main = () => 0;"])(
    'says what is wrong with %j in plain words',
    async (source) => {
      writeFileSync(join(directory, 'main.ts'), source);
      const error: unknown = await buildFirmware(directory).catch((thrown: unknown) => thrown);
      expect(String(error)).toMatch(/does not build: [^]*main\.ts/);
      // oxlint-disable-next-line no-control-regex -- what a terminal takes for colours
      expect(String(error)).not.toMatch(/\u001B|file:\/\//);
    },
  );

  test('says what it looks for in a folder without a firmware', async () => {
    await expect(buildFirmware(directory)).rejects.toThrow(/main\.ts, main\.js/);
  });

  test('names the bundler that the package asks for', () => {
    const path = resolve(import.meta.dirname, '../../../package.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as {
      readonly optionalDependencies: Readonly<Record<string, string>>;
    };
    expect(BUNDLER_VERSION).toBe(manifest.optionalDependencies['rolldown']);
  });

  test('knows its modules', async () => {
    await expect(buildFirmware(directory, { modules: ['gnrc'] })).rejects.toThrow(/usbus_dfu/);
  });

  test('knows its examples', () => {
    expect(() => loadExample('blinky')).toThrow(/hello-world, usbus-minimal, saul/);
  });
});
