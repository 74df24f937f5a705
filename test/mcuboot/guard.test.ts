import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Algorithm, BootResult, Hazard } from '../../src/boot/mcuboot/index.ts';
import { ApplicationSide, ImageJudge, boot } from '../../src/boot/mcuboot/index.ts';
import { DfuError } from '../../src/bytes/index.ts';
import { MemoryFlash } from '../../src/flash/index.ts';
import { trailerMagic } from '../../src/image/index.ts';
import { layOut } from '../support/mcuboot/bench.ts';
import type { Device } from '../support/mcuboot/replay.ts';
import { deviceBefore, poked } from '../support/mcuboot/replay.ts';
import type { FuzzVector } from '../support/mcuboot/vector-files.ts';
import { VectorFolder, configOf, contentsOf, flashOf } from '../support/mcuboot/vector-files.ts';

const folder = new VectorFolder(resolve(import.meta.dirname, '../vectors/mcuboot'));

/** Boots a device, guarded or as MCUboot would, and says how many operations it took. */
async function bootDevice(
  { flash, judge, vector }: Device,
  guarded: boolean,
): Promise<BootResult & { readonly operations: number }> {
  let operations = 0;
  const config = { ...configOf(vector.config), guarded };
  const onOperation = (): void => void (operations += 1);
  return { ...(await boot({ flash, config, judge, onOperation })), operations };
}

// The hazards of a guarded build, each from a device that shows it, before the boot that is due.
const hazards: readonly (readonly [Hazard, string, number, string | null])[] = [
  ['stuck-revert', 'scratch-ed25519-w4-m8-revert-secondary-erased', 3, '2.0.0'],
  ['unconfirmed-replaced', 'move-ed25519-w4-m8-upload-before-confirm', 4, '2.0.0'],
  ['unconfirmed-replaced', 'offset-ed25519-w4-m8-upload-before-confirm', 4, '2.0.0'],
  ['primary-erased', 'offset-ed25519-w4-m8-primary-erased', 2, null],
  ['revert-to-damaged', 'scratch-ed25519-w4-m8-revert-secondary-corrupt', 3, '2.0.0'],
  ['revert-to-damaged', 'move-ed25519-w4-m8-revert-secondary-corrupt', 3, '2.0.0'],
  ['unmet-dependency', 'offset-multi-dep-unmet', 2, '1.0.0'],
];

describe('a guarded build', () => {
  test.each(hazards)('refuses %s (%s)', async (hazard, name, step, version) => {
    const device = await deviceBefore(folder, `boot/${name}`, step);
    const before = contentsOf(device.flash);
    const result = await bootDevice(device, true);
    expect(result.hazards.map((each) => each.hazard)).toEqual([hazard]);
    const [{ image, reason } = { image: 0, reason: '' }] = result.hazards;
    expect(result.log).toContain(`W: Refused: image ${image}: ${reason}`);
    const found = result.image?.header.version;
    expect(found === undefined ? null : `${found.major}.${found.minor}.${found.revision}`).toBe(
      version,
    );
    expect(result.operations).toBe(0);
    expect(contentsOf(device.flash)).toEqual(before);
  });

  test.each(hazards)('is asked for: without, MCUboot does it (%s, %s)', async (_, name, step) => {
    const device = await deviceBefore(folder, `boot/${name}`, step);
    const result = await bootDevice(device, false);
    expect(result.hazards).toEqual([]);
    expect(result.log.join('\n')).not.toContain('Refused');
  });

  test('ignores the status that makes MCUboot read out of bounds', async () => {
    const { config, bases, rows } = folder.json('fuzz/scratch-trailers') as FuzzVector;
    const judge = await folder.judge(config);
    const faults = rows.filter(([, , outcome]) => outcome === 'signal');
    expect(faults.length).toBe(12);
    for (const [base, pokes] of faults) {
      const start = flashOf(config, folder.bytes(bases[base]?.file ?? ''));
      const plain = poked(config, start, pokes);
      const unguarded = await boot({ flash: plain, config: configOf(config), judge });
      expect(unguarded.outcome).toBe('fault');
      expect(unguarded.reason).toContain('reads past its sector list');
      const flash = poked(config, start, pokes);
      const result = await boot({ flash, config: { ...configOf(config), guarded: true }, judge });
      // one of the rows also takes away the header of the image that would run
      const headless = pokes.some(([address]) => address === config.areas['primary0']?.off);
      expect(result.outcome).toBe(headless ? 'fail' : 'ok');
      expect(result.hazards.map(({ hazard }) => hazard)).toEqual(['status-out-of-bounds']);
    }
  });

  test('takes no upload while an image is on trial', async () => {
    const device = await deviceBefore(folder, 'boot/move-ed25519-w4-m8-seed-sequence', 3);
    const config = { ...configOf(device.vector.config), guarded: true };
    const side = new ApplicationSide(device.flash, config);
    const refused = expect.objectContaining({ code: 'REFUSED' });
    expect(() => side.eraseImageBank('secondary0')).toThrow(refused);
    expect(() => side.setPending()).toThrow(/never confirmed/);
    expect(side.isConfirmed()).toBe(false);
    expect(side.setConfirmed()).toBe(0);
    expect(side.isConfirmed()).toBe(true);
    expect(side.setPending()).toBe(0);
    side.eraseImageBank('secondary0');
    expect(side.state('secondary0').magic).toBe('unset');
  });

  test('asks for no swap into an empty primary slot', async () => {
    const { flash, vector } = await deviceBefore(
      folder,
      'boot/offset-ed25519-w4-m8-primary-erased',
      1,
    );
    const config = { ...configOf(vector.config), guarded: true };
    expect(() => new ApplicationSide(flash, config).setPending()).toThrow(/empty primary slot/);
  });

  test('updates, reverts and confirms like any other where nothing is wrong', async () => {
    const device = await deviceBefore(folder, 'boot/move-ed25519-w4-m8-seed-sequence', 2);
    const first = await bootDevice(device, true);
    const second = await bootDevice(device, true);
    expect([first.swapTypes, second.swapTypes]).toEqual([['test'], ['revert']]);
    expect([first.hazards, second.hazards]).toEqual([[], []]);
  });
});

const algorithms: readonly Algorithm[] = [
  'swap-using-move',
  'swap-using-offset',
  'swap-using-scratch',
  'overwrite-only',
  'direct-xip',
  'ram-load',
];

describe('whatever is in flash', () => {
  const judge = new ImageJudge({ signature: 'none' });
  const layoutOf = (algorithm: Algorithm): ReturnType<typeof layOut> =>
    layOut({
      algorithm,
      sectorBytes: 1024,
      primarySectors: 6,
      writeUnitBytes: 4,
      more: { encryption: { keyBytes: 16 }, revert: true, hwRollbackProtection: true },
    });

  /** Header magic and trailer magic make random bytes go further. */
  const pieces = fc.array(
    fc.record({
      at: fc.nat(13 * 1024 - 64),
      bytes: fc.oneof(
        fc.uint8Array({ maxLength: 48 }),
        fc.constant(trailerMagic(8)),
        fc.constant(Uint8Array.of(0x3d, 0xb8, 0xf3, 0x96, 0, 0, 0, 0, 0x20, 0)),
      ),
      // most of what decides lies at the ends of the areas
      end: fc.option(fc.constantFrom(6 * 1024, 12 * 1024, 13 * 1024)),
    }),
    { maxLength: 12 },
  );

  test.each(algorithms)('%s comes to an end', async (algorithm) => {
    const { config, geometry } = layoutOf(algorithm);
    await fc.assert(
      fc.asyncProperty(pieces, fc.boolean(), async (found, guarded) => {
        const contents = new Uint8Array(13 * 1024).fill(0xff);
        for (const { at, bytes, end } of found) {
          contents.set(bytes, end === null ? at : end - bytes.length - (at % 3) * 8);
        }
        const flash = new MemoryFlash(geometry, contents);
        const result = await boot({ flash, config: { ...config, guarded }, judge });
        expect(['ok', 'fail', 'assert', 'fault', 'hang']).toContain(result.outcome);
        const stopped = ['assert', 'fault', 'hang'].includes(result.outcome);
        expect(result.reason !== undefined).toBe(stopped);
      }),
      { numRuns: 150 },
    );
  });

  test('a swap size that 32 bits never reach hangs MCUboot, and is reported', async () => {
    const device = await deviceBefore(folder, 'boot/move-ed25519-w4-m8-seed-sequence', 2);
    const config = configOf(device.vector.config);
    let done = 0;
    const cut = (): void => {
      done += 1;
      if (done > 40) throw new DfuError('POWER_LOST', 'the power was cut');
    };
    const { flash, judge: own, vector } = device;
    expect((await boot({ flash, config, judge: own, onOperation: cut })).outcome).toBe('cut');
    const [pair] = config.images;
    const swapSize = (pair?.primary.offsetBytes ?? 0) + 0xffd0;
    const damaged = poked(vector.config, flash, [[swapSize, 'ffffffff']]);
    const result = await boot({ flash: damaged, config, judge: own });
    expect(result.outcome).toBe('hang');
    const guarded = poked(vector.config, flash, [[swapSize, 'ffffffff']]);
    const refused = await boot({
      flash: guarded,
      config: { ...config, guarded: true },
      judge: own,
    });
    expect(refused.hazards.map(({ hazard }) => hazard)).toEqual(['status-out-of-bounds']);
  });
});
