import { describe, expect, test } from 'vitest';
import { exploreChipCuts } from '../index.ts';
import type { ChipCutReport, ChipDevice } from '../index.ts';
import { MemoryFlash, powerCutKinds } from '../../flash/index.ts';
import type { FlashGeometry, PowerCutKind } from '../../flash/index.ts';
import { playedChip } from '../../../test/support/played-chip.ts';
import type { PlayedChip, PlayedEnd } from '../../../test/support/played-chip.ts';

const BASE = 0x10000000;
const SLOT_A = 0x4000;
const SLOT_B = 0x8000;
const SLOT_BYTES = 0x2000;
const ORDER = 0xd000;
const PAGE = 256;
const COPY = 0x600dcafe;

const geometry: FlashGeometry = {
  sectors: [{ count: 16, sizeBytes: 4096 }],
  writeUnitBytes: 1,
  pageBytes: PAGE,
  erasedValue: 0xff,
};

type Chip = Pick<PlayedChip, 'flash' | 'word' | 'program' | 'erase'>;

function wordBytes(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}

/** An application of two sectors, linked for slot A. */
function application(fill: number): Uint8Array {
  const bytes = new Uint8Array(0x1800).fill(fill);
  bytes.set(wordBytes(0x20000400), 0);
  bytes.set(wordBytes(BASE + SLOT_A + 0x101), 4);
  return bytes;
}

const erased = new Uint8Array(65536).fill(0xff);

function flashWith(parts: readonly (readonly [number, Uint8Array])[]): Uint8Array {
  const flash = erased.slice();
  for (const [at, bytes] of parts) flash.set(bytes, at);
  return flash;
}

const old = application(0x11);
const fresh = application(0x22);
const updating = flashWith([
  [SLOT_A, old],
  [SLOT_B, fresh],
  [ORDER, wordBytes(COPY)],
]);

function copyUp({ flash, program, erase }: Chip): void {
  for (let at = 0; at < SLOT_BYTES; at += 4096) erase(SLOT_A + at, 4096);
  for (let at = 0; at < SLOT_BYTES; at += PAGE) {
    const page = flash.slice(SLOT_B + at, SLOT_B + at + PAGE);
    if (page.some((byte) => byte !== 0xff)) program(SLOT_A + at, page);
  }
}

function enter({ word }: Chip): PlayedEnd {
  const entry = word(SLOT_A + 4);
  if (entry === 0xffffffff) return { stop: { why: 'idle', nextNs: Infinity } };
  return { enter: entry - 1 };
}

/** Copies while the order is there, which goes when all is copied. */
function careful(chip: Chip): PlayedEnd {
  if (chip.word(ORDER) === COPY) {
    copyUp(chip);
    chip.erase(ORDER, 4096);
  }
  return enter(chip);
}

/** Says that it is done before it is. */
function hasty(chip: Chip): PlayedEnd {
  if (chip.word(ORDER) === COPY) {
    chip.erase(ORDER, 4096);
    copyUp(chip);
  }
  return enter(chip);
}

const deviceOf = (
  boot: (chip: PlayedChip) => PlayedEnd,
  contents: Uint8Array = updating,
): ChipDevice => ({
  chip: playedChip(boot),
  geometry,
  contents,
  applications: [
    { name: 'slot0', address: BASE + SLOT_A, sizeBytes: SLOT_BYTES },
    { name: 'slot1', address: BASE + SLOT_B, sizeBytes: SLOT_BYTES },
  ],
});

/** The same by cutting the power of a flash for good, once for each cut: which images run in the end. */
function groundTruth(boot: (chip: Chip) => PlayedEnd): ('fresh' | 'other' | 'nothing')[] {
  const outcomes: ('fresh' | 'other' | 'nothing')[] = [];
  const bootFlash = (flash: MemoryFlash): PlayedEnd | undefined => {
    const contents = flash.read(0, 65536);
    const chip: Chip = {
      flash: contents,
      word: (at) => new DataView(contents.buffer).getUint32(at, true),
      program: (at, bytes) => {
        flash.program(at, bytes);
        contents.set(bytes, at);
      },
      erase: (at, length) => {
        flash.erase(at, length);
        contents.fill(0xff, at, at + length);
      },
    };
    try {
      return boot(chip);
    } catch {
      return undefined;
    }
  };
  for (let operation = 0; ; operation += 1) {
    for (const kind of powerCutKinds) {
      const flash = new MemoryFlash(geometry);
      for (let at = 0; at < 65536; at += 4096) {
        if (updating.subarray(at, at + 4096).some((byte) => byte !== 0xff)) {
          flash.program(at, updating.subarray(at, at + 4096));
        }
      }
      flash.cutPowerAt(flash.operations + operation, kind);
      if (bootFlash(flash) !== undefined) return outcomes;
      flash.restorePower();
      let end: PlayedEnd | undefined;
      for (let boots = 0; boots < 3; boots += 1) end = bootFlash(flash);
      const runs = flash.read(SLOT_A, fresh.length);
      const isFresh = runs.every((byte, n) => byte === fresh[n]);
      outcomes.push(end === undefined || 'stop' in end ? 'nothing' : isFresh ? 'fresh' : 'other');
    }
  }
}

const simple = ({ cases }: ChipCutReport): ('fresh' | 'other' | 'nothing')[] =>
  cases.map(({ outcome }) =>
    outcome === 'dead' ? 'nothing' : outcome === 'other-image' ? 'other' : 'fresh',
  );

describe('power cuts of a bootloader that is executed', () => {
  test('one that can begin again at any moment loses nothing', async () => {
    const report = await exploreChipCuts(deviceOf(careful));
    expect(report.operations).toHaveLength(2 + 24 + 1);
    expect(report.operations[0]).toEqual({
      number: 0,
      kind: 'erase',
      area: 'slot0',
      offsetBytes: 0,
      address: 0x10004000,
      lengthBytes: 4096,
      sector: 4,
    });
    expect(report.findings).toEqual([]);
    expect(report.undisturbed.boots).toBe(2);
    expect(simple(report)).toEqual(groundTruth(careful));
    expect(report.complete).toBe(true);
  });

  test('one that says that it is done before it is loses at each cut in its copy', async () => {
    const report = await exploreChipCuts(deviceOf(hasty));
    const truth = groundTruth(hasty);
    expect(simple(report)).toEqual(truth);
    expect(truth).toContain('nothing');
    expect(truth).toContain('other');
    const dead = report.findings.find(({ outcome }) => outcome === 'dead');
    // the first sector of the slot is erased, and the second one is about to be
    expect(dead).toMatchObject({
      path: ['sleeps for ever'],
      cuts: [{ operation: 2, kind: 'clean' }],
    });
    const mixture = report.findings.find(({ outcome }) => outcome === 'other-image');
    expect(mixture?.path[0]).toMatch(/SHA-256 \w{8}…/);
    expect(report.findings.some(({ path }) => /stood nowhere before/.test(path[0] ?? ''))).toBe(
      true,
    );
  });

  test('work grows with the cuts: no flash is booted twice', async () => {
    const { executed, cases } = await exploreChipCuts(deviceOf(careful));
    expect(executed.boots).toBeLessThan(cases.length + 5);
  });

  test('of all operations some may be chosen, and a sample is the same for the same seed', async () => {
    const device = deviceOf(hasty);
    const third = await exploreChipCuts(device, { every: 3, kinds: ['clean'] });
    expect(third.cases.map(({ operation }) => operation)).toEqual([0, 3, 6, 9, 12, 15, 18, 21, 24]);
    expect(third.complete).toBe(false);
    const one = await exploreChipCuts(device, { sample: 5, seed: 7 });
    const same = await exploreChipCuts(device, { sample: 5, seed: 7 });
    const other = await exploreChipCuts(device, { sample: 5, seed: 8 });
    expect(one.cases).toHaveLength(15);
    expect(one).toEqual(same);
    expect(other.cases).not.toEqual(one.cases);
    await expect(exploreChipCuts(device, { every: 0 })).rejects.toThrow(
      '"every" of 1 or more, got 0',
    );
    await expect(exploreChipCuts(device, { every: 2, sample: 2 })).rejects.toThrow('got both');
  });

  test('ends when it is told to', async () => {
    const signal = { aborted: false };
    let seen = 0;
    const onProgress = (): void => {
      seen += 1;
      if (seen === 20) signal.aborted = true;
    };
    await expect(exploreChipCuts(deviceOf(careful), { signal, onProgress })).rejects.toThrow(
      'stopped before all',
    );
  });

  test.each([
    [{ why: 'idle', nextNs: Infinity }, 'dead', 'sleeps for ever'],
    [{ why: 'jump', address: 0x1fffc800 }, 'dead', 'enters the loader at 0x1fffc800'],
    [{ why: 'time' }, 'halts', 'is still busy after 60 s, at 0x00000000'],
    [{ why: 'reset', cause: 'watchdog' }, 'halts', 'resets itself over and over'],
  ] as const)('a bootloader that ends in %j', async (stop, outcome, words) => {
    const { undisturbed } = await exploreChipCuts(deviceOf(() => ({ stop })));
    expect(undisturbed).toMatchObject({ outcome, path: [words], atRest: [] });
  });

  test('a bootloader that waits for a host', async () => {
    const { undisturbed } = await exploreChipCuts(deviceOf(() => ({ waits: true })));
    expect(undisturbed.path).toEqual(['waits for a host at USB']);
  });

  test('what goes on through its own reset is one boot', async () => {
    const boot = (chip: PlayedChip): PlayedEnd => {
      if (chip.order.cause === 'power-on') {
        chip.order.ram[0] = 0x77;
        return { stop: { why: 'reset', cause: 'watchdog' } };
      }
      return chip.order.ram[0] === 0x77 ? careful(chip) : { waits: true };
    };
    const { findings, undisturbed } = await exploreChipCuts(deviceOf(boot));
    expect(findings).toEqual([]);
    expect(undisturbed.boots).toBe(2);
  });

  test('a bootloader that never ends with flash is stopped', async () => {
    const boot = (chip: PlayedChip): PlayedEnd => {
      for (;;) chip.erase(ORDER, 4096);
    };
    const report = await exploreChipCuts(deviceOf(boot), { sample: 3 });
    expect(report.undisturbed).toMatchObject({
      outcome: 'halts',
      path: ['goes on with flash after 100000 operations'],
    });
  });

  test('a flash that changes with every boot never comes to rest', async () => {
    const boot = (chip: PlayedChip): PlayedEnd => {
      const at = chip.flash.indexOf(0xff, ORDER);
      chip.program(at, Uint8Array.of(0));
      return enter(chip);
    };
    const report = await exploreChipCuts(deviceOf(boot));
    expect(report.undisturbed.outcome).toBe('restless');
    expect(report.findings).toEqual([]);
  });

  test('where nothing changes there is nothing to cut', async () => {
    const still = flashWith([[SLOT_A, old]]);
    const report = await exploreChipCuts(deviceOf(careful, still));
    expect(report).toMatchObject({ operations: [], cases: [], undisturbed: { outcome: 'same' } });
    const after = await exploreChipCuts(deviceOf(careful), { after: 1 });
    expect(after.operations).toEqual([]);
  });

  test('an application must stand in flash', async () => {
    const device = deviceOf(careful);
    await expect(exploreChipCuts({ ...device, applications: [] })).rejects.toThrow('got none');
    const beyond = [{ name: '--application', address: 0x20000000, sizeBytes: 16 }];
    await expect(exploreChipCuts({ ...device, applications: beyond })).rejects.toThrow(
      '--application: expected flash from 0x10000000 to 0x1000ffff, got 0x10 bytes at 0x20000000',
    );
  });

  test.each<PowerCutKind>(['torn', 'torn-tail'])('a %s cut leaves half of a page', async (kind) => {
    const seen: number[] = [];
    const boot = (chip: PlayedChip): PlayedEnd => {
      seen.push(chip.word(ORDER));
      if (chip.word(ORDER) === 0xffffffff) chip.program(ORDER, Uint8Array.of(1, 2, 3, 4));
      return enter(chip);
    };
    await exploreChipCuts(deviceOf(boot, flashWith([[SLOT_A, old]])), { kinds: [kind] });
    expect(seen).toContain(kind === 'torn' ? 0xffff0201 : 0x0403ffff);
  });
});
