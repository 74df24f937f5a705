import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { exploreChipCuts } from '../index.ts';
import type { ChipCutReport, ChipDevice } from '../index.ts';
import { chipModel } from '../../chip/index.ts';
import type { FlashGeometry } from '../../flash/index.ts';
import {
  bootBinary,
  bootPlaces,
  bootloaderNames,
  swapDump,
} from '../../../test/fixtures/machine/boot/boot.ts';
import type { BootloaderName } from '../../../test/fixtures/machine/boot/boot.ts';

/* Bootloaders in C, executed, whose power cuts are known: what they do is written a second time here. */

const BASE = 0x10000000;
const SECTOR = 4096;
const PAGE = 256;
const SCRATCH = 0x1b1000;
const { slot0, slot1, journal } = bootPlaces;

const geometry: FlashGeometry = {
  sectors: [{ count: 512, sizeBytes: SECTOR }],
  writeUnitBytes: 1,
  pageBytes: PAGE,
  erasedValue: 0xff,
};

function deviceWith(bootloader: BootloaderName, sectors: number): ChipDevice {
  const chip = chipModel('RP2040');
  if (chip === undefined) throw new Error('expected a model of the RP2040');
  return {
    chip,
    geometry,
    contents: swapDump(bootloader, sectors),
    applications: [
      { name: 'slot0', address: BASE + slot0, sizeBytes: 0xd0000 },
      { name: 'slot1', address: BASE + slot1, sizeBytes: 0xd0000 },
    ],
  };
}

/** What a bootloader does to flash, as its C says it. */
interface Rewritten {
  readonly flash: Uint8Array;
  /** Ends the boot if that operation is the one that is cut. */
  readonly operation: (work: (half: readonly [number, number]) => void) => void;
}

function erase({ flash, operation }: Rewritten, at: number): void {
  operation(([from, to]) => flash.fill(0xff, at + SECTOR * from, at + SECTOR * to));
}

/** A page, without what is there already at both ends; nothing if all of it is. */
function program({ flash, operation }: Rewritten, at: number, page: Uint8Array): void {
  const differs = (n: number): boolean => ((flash[at + n] ?? 0) & (page[n] ?? 0)) !== flash[at + n];
  let [first, end] = [0, page.length];
  while (first < end && !differs(first)) first += 1;
  while (end > first && !differs(end - 1)) end -= 1;
  if (first === end) return;
  operation(([from, to]) => {
    const half = (part: number): number => first + Math.floor((end - first) * part);
    for (let n = half(from); n < half(to); n += 1) {
      flash[at + n] = (flash[at + n] ?? 0) & (page[n] ?? 0);
    }
  });
}

function copy(chip: Rewritten, from: Uint8Array, to: number): void {
  erase(chip, to);
  for (let at = 0; at < SECTOR; at += PAGE) program(chip, to + at, from.slice(at, at + PAGE));
}

function swapAsInC(chip: Rewritten, bootloader: BootloaderName): void {
  const word = (index: number): number =>
    new DataView(chip.flash.buffer).getUint32(journal + 4 * index, true);
  const mark = (index: number): void => program(chip, journal + 4 * index, new Uint8Array(4));
  const at = (offset: number): Uint8Array => chip.flash.slice(offset, offset + SECTOR);
  if (word(2) === 0) return;
  if (bootloader === 'hasty') mark(2);
  for (let n = 0; n < word(1); n += 1) {
    const [one, other] = [slot0 + n * SECTOR, slot1 + n * SECTOR];
    if (bootloader === 'no-scratch') {
      if (word(3 + n) === 0) continue;
      const kept = at(other);
      copy(chip, at(one), other);
      copy(chip, kept, one);
      mark(3 + n);
      continue;
    }
    const steps = [
      [other, SCRATCH],
      [one, other],
      [SCRATCH, one],
    ] as const;
    for (const [step, [from, to]] of steps.entries()) {
      const index = 3 + 3 * n + step;
      if (word(index) === 0) continue;
      copy(chip, at(from), to);
      mark(index);
    }
  }
  if (bootloader !== 'hasty') mark(2);
}

class Cut extends Error {}

const halves = { clean: [0, 0], torn: [0, 0.5], 'torn-tail': [0.5, 1] } as const;

/** What each cut comes to by the C: the first word of each outcome. */
function groundTruth(bootloader: BootloaderName, sectors: number): string[] {
  const whole = swapDump(bootloader, sectors);
  swapAsInC({ flash: whole, operation: (work) => work([0, 1]) }, bootloader);
  const outcomes: string[] = [];
  const cutAt = (number: number, half: readonly [number, number]): Uint8Array | undefined => {
    const flash = swapDump(bootloader, sectors);
    let operations = 0;
    const operation: Rewritten['operation'] = (work) => {
      if (operations === number) {
        work(half);
        throw new Cut();
      }
      operations += 1;
      work([0, 1]);
    };
    try {
      swapAsInC({ flash, operation }, bootloader);
      return undefined;
    } catch (error) {
      if (!(error instanceof Cut)) throw error;
    }
    swapAsInC({ flash, operation: (work) => work([0, 1]) }, bootloader);
    return flash;
  };
  for (let number = 0; ; number += 1) {
    for (const half of Object.values(halves)) {
      const flash = cutAt(number, half);
      if (flash === undefined) return outcomes;
      const image = (of: Uint8Array): Buffer => Buffer.from(of.subarray(slot0, slot0 + 0x3000));
      if (flash[slot0 + 3] === 0xff) outcomes.push('dead');
      else if (!image(flash).equals(image(whole))) outcomes.push('other-image');
      else outcomes.push(Buffer.from(flash).equals(Buffer.from(whole)) ? 'same' : 'same-image');
    }
  }
}

const cutsOf = ({ cases }: ChipCutReport): string[] => cases.map(({ outcome }) => outcome);

describe('a bootloader in C, executed', () => {
  test.each(bootloaderNames)('%s: each cut leads where its C says', async (name) => {
    const report = await exploreChipCuts(deviceWith(name, 1));
    expect(cutsOf(report)).toEqual(groundTruth(name, 1));
    expect(report.findings.length > 0).toBe(name !== 'careful');
  });

  test('what a cut leaves is told, the simplest cut of each kind of loss', async () => {
    const report = await exploreChipCuts(deviceWith('hasty', 3), { every: 10, kinds: ['clean'] });
    const { undisturbed, findings, images, operations } = report;
    const sha256 = (version: string): string =>
      createHash('sha256')
        .update(bootBinary(`app-${version}`))
        .digest('hex');
    const [old, fresh] = [sha256('1.0.0'), sha256('2.0.0')];
    expect(operations).toHaveLength(160);
    expect(undisturbed.path).toEqual([`what stood in slot1 (SHA-256 ${fresh.slice(0, 8)}…)`]);
    expect(findings.map(({ path, cuts }) => [path[0], cuts[0]?.operation])).toEqual([
      [`what stood in slot0 (SHA-256 ${old.slice(0, 8)}…)`, 10],
      [expect.stringMatching(/^SHA-256 \w{8}…, which stood nowhere before$/), 40],
    ]);
    expect(images.filter(({ known }) => known).map((each) => each.sha256)).toEqual([old, fresh]);
  });

  test('where nothing is in flash the chip has no bootloader to execute', async () => {
    const device = deviceWith('careful', 1);
    const contents = device.contents.slice().fill(0xff, 0, slot0);
    await expect(exploreChipCuts({ ...device, contents })).rejects.toThrow('the flash is empty');
  });
});
