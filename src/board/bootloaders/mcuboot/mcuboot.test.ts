import { describe, expect, test } from 'vitest';
import { tinyBoard } from '../../../../test/support/tiny-board.ts';
import { MemoryFlash, partition } from '../../../flash/index.ts';
import { generateKey } from '../../../image/index.ts';
import type { PrivateKey } from '../../../image/index.ts';
import { RetainedRam } from '../../hardware/retained-ram.ts';
import { programFlash } from '../../images/programmer.ts';
import { FlashImageMedium } from '../../media/flash-image-medium.ts';
import type { BootDecision } from '../../seams/bootloader.ts';
import type { BootControl } from '../../seams/peripherals.ts';
import { mcubootFirmware } from './firmware.ts';
import { mcubootModes } from '../../models/mcuboot-build.ts';
import type { McubootMode } from '../../models/mcuboot-build.ts';
import { mcubootLayout } from './layout.ts';
import { McubootBootloader } from './mcuboot.ts';
import type { McubootOptions } from './mcuboot.ts';

const key = await generateKey('ed25519');
const stranger = await generateKey('ed25519');
const p256 = await generateKey('ecdsa-p256');

interface ImageOptions {
  readonly version?: string;
  readonly slot?: number;
  readonly signer?: PrivateKey | undefined;
}

class Bench {
  readonly flash = new MemoryFlash(tinyBoard.flash);
  readonly lines: string[] = [];
  readonly mode: McubootMode;
  readonly bootloader: McubootBootloader;

  constructor(options: Partial<McubootOptions> & { readonly checkImages?: boolean } = {}) {
    const { checkImages, mode = 'swap-using-move', ...rest } = options;
    this.mode = mode;
    this.bootloader = new McubootBootloader(
      tinyBoard,
      { keys: [key], mode, ...rest },
      { checkImages },
    );
  }

  async image(text: string, options: ImageOptions = {}): Promise<Uint8Array> {
    const { version = '1.0.0', slot, signer = key } = options;
    const payload = new TextEncoder().encode(text);
    return mcubootFirmware(payload, {
      model: tinyBoard,
      mode: this.mode,
      version,
      slot,
      key: signer,
    });
  }

  async install(slot: number, text: string, options: ImageOptions = {}): Promise<void> {
    const image = await this.image(text, { slot, ...options });
    programFlash(this.flash, mcubootLayout(tinyBoard, this.mode), image, { slot });
  }

  boot(): Promise<BootDecision> {
    const around = {
      model: tinyBoard,
      flash: this.flash,
      print: (line: string) => void this.lines.push(line),
      retainedRam: new RetainedRam(tinyBoard.ram),
      buttonPressed: false,
    };
    return this.bootloader.decide(around);
  }

  control(slot = 0): BootControl {
    return this.bootloader.bootControl(this.flash, slot);
  }
}

const booted = (version: string, why: string, slot = 0): object => ({
  mode: 'application',
  why,
  slot,
  version: `${version}+0`,
});

describe('updates by swapping', () => {
  test.each(['swap-using-move', 'swap-using-offset', 'swap-using-scratch'] as const)(
    '%s: on trial, back again, and for good',
    async (mode) => {
      const bench = new Bench({ mode });
      await bench.install(0, 'old');
      await bench.install(1, 'new', { version: '2.0.0' });
      expect(await bench.boot()).toMatchObject(booted('1.0.0', 'primary slot'));
      bench.control().requestUpgrade(false);
      expect(bench.control().swapType()).toBe('test');
      expect(await bench.boot()).toMatchObject(booted('2.0.0', 'test swap'));
      expect(bench.control().isConfirmed()).toBe(false);
      expect(await bench.boot()).toMatchObject(booted('1.0.0', 'revert'));
      // Reverted, it is confirmed: nothing else may come.
      expect(bench.control().isConfirmed()).toBe(true);
      bench.control().eraseUpgrade();
      await bench.install(1, 'newer', { version: '3.0.0' });
      bench.control().requestUpgrade(false);
      expect(await bench.boot()).toMatchObject(booted('3.0.0', 'test swap'));
      bench.control().confirm();
      expect(await bench.boot()).toMatchObject(booted('3.0.0', 'primary slot'));
    },
  );

  test('for good at once, if it is asked so', async () => {
    const bench = new Bench();
    await bench.install(0, 'old');
    await bench.install(1, 'new', { version: '2.0.0' });
    bench.control().requestUpgrade(true);
    expect(await bench.boot()).toMatchObject(booted('2.0.0', 'permanent swap'));
    expect(await bench.boot()).toMatchObject(booted('2.0.0', 'primary slot'));
  });

  test('greets on the console', async () => {
    const bench = new Bench();
    await bench.install(0, 'old');
    await bench.boot();
    expect(bench.lines.slice(0, 2)).toEqual([
      expect.stringMatching(/^\*\*\* Booting MCUboot of dfukit v/),
      expect.stringMatching(/^\*\*\* Using dfukit v/),
    ]);
    expect(bench.lines.length).toBeGreaterThan(2);
  });
});

describe('what does not boot', () => {
  test.each([
    ['signed by a stranger', stranger],
    ['signed with a key of another kind', p256],
    ['not signed', undefined],
  ])('an image %s', async (_, signer) => {
    const bench = new Bench();
    const image =
      signer === undefined
        ? await mcubootFirmware(new Uint8Array(8), { model: tinyBoard })
        : await bench.image('bad', { signer });
    programFlash(bench.flash, mcubootLayout(tinyBoard), image, { slot: 0 });
    expect(await bench.boot()).toEqual({ mode: 'none', why: 'no bootable image' });
  });

  test('a build without keys is content with the hash', async () => {
    const bench = new Bench({ keys: [] });
    await bench.install(0, 'whoever', { signer: stranger });
    expect(await bench.boot()).toMatchObject(booted('1.0.0', 'primary slot'));
  });

  test('keys of two kinds, and a class without its vendor, are refused', () => {
    expect(() => new Bench({ keys: [key, p256] })).toThrow('expected keys of one kind that signs');
    expect(() => new Bench({ deviceClass: 'lamp' })).toThrow('got the name "lamp" alone');
    expect(() => new Bench({ deviceClass: 'lamp', vendor: 'us' })).not.toThrow();
  });

  test('an older update, where that is forbidden', async () => {
    const bench = new Bench({ mode: 'overwrite-only', downgradePrevention: 'version' });
    await bench.install(0, 'new', { version: '2.0.0' });
    await bench.install(1, 'old', { version: '1.0.0' });
    bench.control().requestUpgrade(true);
    expect(await bench.boot()).toMatchObject(booted('2.0.0', 'primary slot'));
  });
});

describe('running in place', () => {
  test('the newer slot runs, and the other one is what it can ask for', async () => {
    const bench = new Bench({ mode: 'direct-xip-with-revert' });
    await bench.install(0, 'old');
    await bench.install(1, 'new', { version: '2.0.0' });
    bench.control(0).requestUpgrade(false);
    expect(await bench.boot()).toMatchObject({
      ...booted('2.0.0', 'newest slot', 1),
      entryAddress: 0x08008080,
    });
    expect(bench.control(1).isConfirmed()).toBe(false);
    bench.control(1).confirm();
    expect(bench.control(1).isConfirmed()).toBe(true);
    expect(await bench.boot()).toMatchObject(booted('2.0.0', 'newest slot', 1));
    bench.control(1).eraseUpgrade();
    expect(bench.flash.read(0x4000, 4)).toEqual(new Uint8Array(4).fill(0xff));
  });
});

describe('a request that the trailer does not take', () => {
  test('says what to do', async () => {
    const bench = new Bench();
    await bench.install(0, 'old');
    // Another magic than MCUboot's, at the end of slot 1.
    bench.flash.program(0x8000 + 0x4000 - 16, new Uint8Array(16).fill(0x5a));
    const asking = (): void => bench.control().requestUpgrade(false);
    expect(asking).toThrow('MCUboot: request: the trailer of the slot holds something else');
  });
});

/** Downloads into slot 1 and waits for the verdict. */
async function download(bench: Bench, image: Uint8Array): Promise<object> {
  const area = partition(bench.flash, 0x8000, 0x4000, 'image-1');
  const inspect = (): ReturnType<BootControl['inspector']> => bench.control().inspector('image-1');
  const medium = new FlashImageMedium({ name: 'slot 1', area, inspect });
  medium.begin();
  for (let at = 0; at < image.length; at += 512) {
    const result = medium.write(at, image.subarray(at, at + 512));
    if (result.status !== 'OK') return result;
  }
  if (!medium.complete(image.length)) return { missing: medium.missing(image.length) };
  const finished = medium.finish();
  let verdict = finished.later === undefined ? finished : undefined;
  while (verdict === undefined) {
    await new Promise((resolve) => setImmediate(resolve));
    verdict = finished.later?.();
  }
  return verdict;
}

describe('an image on its way into a slot', () => {
  test('is taken if it would boot', async () => {
    const bench = new Bench();
    expect(await download(bench, await bench.image('new'))).toMatchObject({ status: 'OK' });
  });

  test('is refused by its header before anything is erased', async () => {
    const bench = new Bench();
    await bench.install(1, 'what was there');
    const before = bench.flash.read(0x8000, 0x4000);
    const refusal = await download(bench, new Uint8Array(1024).fill(0x20));
    expect(refusal).toMatchObject({ status: 'errFILE' });
    expect(bench.flash.read(0x8000, 0x4000)).toEqual(before);
  });

  test('is refused at the end if a stranger signed it', async () => {
    const bench = new Bench();
    const refusal = await download(bench, await bench.image('new', { signer: stranger }));
    expect(refusal).toMatchObject({ status: 'errVERIFY' });
  });

  test('is not complete without its records', async () => {
    const bench = new Bench();
    const image = await bench.image('new');
    expect(await download(bench, image.subarray(0, -8))).toEqual({
      missing: expect.stringContaining('expected'),
    });
  });

  test('is nobody business where nothing is checked, or in an area that is no slot', async () => {
    expect(new Bench({ checkImages: false }).control().inspector('image-1')).toBeUndefined();
    expect(new Bench().control().inspector('storage')).toBeUndefined();
    const bench = new Bench({ checkImages: false });
    expect(await download(bench, new Uint8Array(64))).toMatchObject({ status: 'OK' });
  });
});

describe('layouts', () => {
  test.each(mcubootModes)('%s: the areas are Zephyr flash map', (mode) => {
    const { areas, config, headerBytes } = mcubootLayout(tinyBoard, mode);
    const last = mode === 'swap-using-scratch' ? 'image-scratch' : 'storage';
    expect(areas.map(({ name }) => name)).toEqual(['mcuboot', 'image-0', 'image-1', last]);
    expect(areas[2]?.uploadOffsetBytes).toBe(mode === 'swap-using-offset' ? 1024 : undefined);
    expect([config.maxAlign, config.maxImgSectors, headerBytes]).toEqual([8, 16, 0x80]);
    expect(config.scratch === undefined).toBe(mode !== 'swap-using-scratch');
  });

  test.each([
    [1, 8],
    [8, 8],
    [16, 16],
    [32, 32],
  ])('a write unit of %i bytes makes an alignment of %i', (writeUnitBytes, maxAlign) => {
    const model = { ...tinyBoard, flash: { ...tinyBoard.flash, writeUnitBytes } };
    expect(mcubootLayout(model).config.maxAlign).toBe(maxAlign);
  });
});
