import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Algorithm, BootOperation } from '../../src/boot/mcuboot/index.ts';
import { ApplicationSide, boot, placeOf } from '../../src/boot/mcuboot/index.ts';
import { MemoryFlash, powerCutKinds } from '../../src/flash/index.ts';
import type { PowerCutKind } from '../../src/flash/index.ts';
import { writePublicPem } from '../../src/image/index.ts';
import type { CutReport, LabDevice } from '../../src/lab/index.ts';
import {
  bootAhead,
  compareWear,
  cutOutcomes,
  drawCutMap,
  dumpOf,
  explorePowerCuts,
  findingVectors,
  forkDevice,
  outcomeColours,
  vectorConfigOf,
} from '../../src/lab/index.ts';
import { forgeDevice, labKey, scenario, vectors } from '../support/mcuboot/lab-bench.ts';
import { powerLost } from '../support/mcuboot/replay.ts';
import { replayFolder } from '../support/mcuboot/replay-folder.ts';
import type { PowercutVector } from '../support/mcuboot/vector-files.ts';
import { configOf, flashOf } from '../support/mcuboot/vector-files.ts';

const swaps = ['swap-using-move', 'swap-using-offset', 'swap-using-scratch'] as const;

/** A forged device with a test update pending. */
async function updating(
  algorithm: Algorithm,
  primarySectors = 8,
  payloadBytes = 2500,
): Promise<LabDevice> {
  const scratchSectors = 2;
  const device = await forgeDevice({ algorithm, primarySectors, payloadBytes, scratchSectors });
  new ApplicationSide(device.flash, device.config).setPending();
  return device;
}

/** The same where the update has run and is due to be reverted. */
async function reverting(algorithm: Algorithm): Promise<LabDevice> {
  const device = await updating(algorithm);
  await bootAhead(device);
  return device;
}

// The slow way, with none of the explorer's short cuts: every case from its start.

/** What half an operation leaves, on a copy of the bytes. */
function tornBytes(device: LabDevice, operation: BootOperation, kind: PowerCutKind): Uint8Array {
  const dump = dumpOf(device.flash);
  if (kind === 'clean') return dump;
  const start = placeOf(device.config, operation.area).offsetBytes + operation.offsetBytes;
  const { lengthBytes, bytes } = operation;
  const half = lengthBytes / 2;
  const unit = device.flash.geometry.writeUnitBytes;
  const fresh = bytes ?? new Uint8Array(lengthBytes).fill(0xff);
  const whole = bytes === undefined ? half : half - (half % unit);
  if (kind === 'torn') dump.set(fresh.subarray(0, whole), start);
  else dump.set(fresh.subarray(half), start + half);
  return dump;
}

/** Boots a copy, cut at an operation; the device as that leaves it, or nothing if it ends before. */
async function cutOnce(
  device: LabDevice,
  at: number,
  kind: PowerCutKind,
): Promise<LabDevice | undefined> {
  const copy = forkDevice(device);
  let done = 0;
  let left: Uint8Array | undefined;
  const { flash, config, judge } = copy;
  const onOperation = (operation: BootOperation): void => {
    if (done === at) {
      left = tornBytes(copy, operation, kind);
      throw powerLost();
    }
    done += 1;
  };
  await boot({ flash, config, judge, onOperation });
  if (left === undefined) return undefined;
  return { ...device, flash: new MemoryFlash(device.flash.geometry, left) };
}

/** Boots until nothing changes: what ran, and the bytes at the end; no bytes if that never comes. */
async function settle(device: LabDevice): Promise<{ ran: string[]; rest: string | undefined }> {
  const copy = forkDevice(device);
  const ran: string[] = [];
  for (let n = 0; n <= 8; n += 1) {
    const [step] = await bootAhead(copy);
    if (step?.type !== 'boot') throw new Error('one boot, one step');
    const name = step.version ?? step.result.outcome;
    if (ran.at(-1) !== name) ran.push(name);
    if (step.operations.length === 0) {
      return { ran, rest: Buffer.from(dumpOf(copy.flash)).toString('latin1') };
    }
  }
  return { ran, rest: undefined };
}

interface Slow {
  readonly cases: string[];
  readonly pairs: { total: number; sameFlash: number }[];
}

/** Every cut and every second cut, each from the start. */
async function slowly(device: LabDevice, twice: boolean): Promise<Slow> {
  const undisturbed = await settle(device);
  const cases: string[] = [];
  const pairs: Slow['pairs'] = [];
  for (let at = 0; ; at += 1) {
    const pair = { total: 0, sameFlash: 0 };
    for (const kind of powerCutKinds) {
      const left = await cutOnce(device, at, kind);
      if (left === undefined) return { cases, pairs };
      const { ran, rest } = await settle(left);
      cases.push(`${at} ${kind} ${ran.join(' ')} ${rest === undisturbed.rest}`);
      for (let second = 0; ; second += 1) {
        if (!twice) break;
        const again = await cutOnce(left, second, kind);
        if (again === undefined) break;
        for (const each of powerCutKinds) {
          const state = await cutOnce(left, second, each);
          if (state === undefined) break;
          pair.total += 1;
          const found = await settle(state);
          const clean = found.ran.every((step) => /^\d/.test(step));
          if (clean && found.rest === undisturbed.rest) pair.sameFlash += 1;
        }
      }
    }
    pairs.push(pair);
  }
}

/** The explorer's cases in the same words. */
function quickly(report: CutReport): string[] {
  return report.cases.map(
    ({ operation, kind, path, outcome }) =>
      `${operation} ${kind} ${path.join(' ')} ${outcome === 'same'}`,
  );
}

describe('exploring power cuts', () => {
  test.each([...swaps, 'overwrite-only'] as const)(
    '%s: each cut ends as it does the slow way',
    async (algorithm) => {
      const device = await updating(algorithm);
      const report = await explorePowerCuts(device, { twice: false });
      expect(quickly(report)).toEqual((await slowly(device, false)).cases);
    },
  );

  test.each(swaps)('%s: each cut of a revert, too', async (algorithm) => {
    const device = await reverting(algorithm);
    const report = await explorePowerCuts(device, { twice: false });
    expect(quickly(report)).toEqual((await slowly(device, false)).cases);
  });

  test('two in a row end as they do the slow way', async () => {
    const device = await reverting('swap-using-offset');
    const report = await explorePowerCuts(device);
    const slow = await slowly(device, true);
    const totals = report.pairs.map((counts) => ({
      total: cutOutcomes.reduce((sum, outcome) => sum + counts[outcome], 0),
      sameFlash: counts.same,
    }));
    expect(report.alike).toBe(0);
    expect(totals).toEqual(slow.pairs);
  });

  // What the C library did after each of its cuts.
  test.each([
    'move-w4-m8-revert',
    'offset-w16-m16-test',
    'scratch-w8-m8-test',
    'scratch-multi-test',
    'overwrite-w8-m8-test',
    'move-w4-m8-badimage',
  ])('%s: as the C library', async (name) => {
    const vector = vectors.json(`powercut/${name}`) as PowercutVector;
    const device: LabDevice = {
      flash: flashOf(vector.config, vectors.bytes(vector.flashInitial)),
      config: configOf(vector.config),
      judge: await vectors.judge(vector.config),
    };
    const report = await explorePowerCuts(device, { twice: false, kinds: ['clean', 'torn'] });
    expect(report.operations.length).toBe(vector.opCount);
    const firstRun = (kind: PowerCutKind, at: number): string | undefined =>
      report.cases.find((each) => each.kind === kind && each.operation === at)?.path[0];
    for (const [kind, rows] of [
      ['clean', vector.cuts],
      ['torn', vector.tornCuts ?? []],
    ] as const) {
      const inside = rows.filter(([at]) => at < vector.opCount);
      expect(inside.map(([at]) => firstRun(kind, at))).toEqual(inside.map((row) => row[4]));
    }
  });

  test('leaves the device as it was', async () => {
    const device = await updating('swap-using-move');
    const before = dumpOf(device.flash);
    await explorePowerCuts(device);
    expect(dumpOf(device.flash)).toEqual(before);
  });

  test('stops when asked to', async () => {
    const device = await updating('swap-using-move');
    const signal = { aborted: false };
    let seen = 0;
    const onProgress = ({ done, total }: { done: number; total: number }): void => {
      seen = done;
      expect(total).toBeGreaterThan(50);
      if (done === 20) signal.aborted = true;
    };
    await expect(explorePowerCuts(device, { signal, onProgress })).rejects.toThrow(
      /stopped before/,
    );
    expect(seen).toBe(20);
  });
});

describe('the cost of it', () => {
  test.each([...swaps, 'overwrite-only'] as const)(
    '%s: grows with the operations, not with their square; no image is hashed twice',
    async (algorithm) => {
      const costs: number[] = [];
      for (const sectors of [20, 40, 80]) {
        const payload = sectors * 1024 * 0.7;
        const device = await updating(algorithm, sectors, payload);
        const report = await explorePowerCuts(device, { twice: algorithm !== 'overwrite-only' });
        costs.push(report.executedOperations / report.operations.length);
        expect(report.hashedImages).toBe(2);
      }
      const [small = 0, middle = 0, large = 0] = costs;
      // four times the operations: a square would make this four times as much for each of them
      expect(Math.max(middle, large) / small).toBeLessThan(1.5);
    },
  );
});

/** A device that a second cut can bring to grief: the revert of swap using offset. */
async function fragile(): Promise<{ device: LabDevice; report: CutReport }> {
  const device = await scenario('offset-ed25519-w4-m8-seed-sequence', 3);
  return { device, report: await explorePowerCuts(device) };
}

describe('what is lost', () => {
  test('comes with vector files that replay', async () => {
    const device = await reverting('swap-using-scratch');
    const report = await explorePowerCuts(device);
    expect(report.findings.length).toBeGreaterThan(0);
    const folder = mkdtempSync(join(tmpdir(), 'dfukit-cuts-'));
    const put = (path: string, contents: string | Uint8Array): void => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), contents);
    };
    put('keys/0.pub.pem', writePublicPem(await labKey()));
    const layout = { geometry: device.flash.geometry, config: device.config };
    const names = { signature: 'ed25519', publicKeys: ['keys/0.pub.pem'] } as const;
    const config = vectorConfigOf(layout, names);
    for (const [n, finding] of report.findings.entries()) {
      const made = await findingVectors(device, config, { report, finding, name: `case-${n}` });
      for (const { path, contents } of made.files) {
        put(path, typeof contents === 'string' ? contents : gzipSync(contents));
      }
      // the first boot of the file is the first one that the finding tells of
      const first = JSON.parse(
        String(made.files.find(({ path }) => path === `boot/case-${n}.json`)?.contents),
      ) as { steps: { outcome: string; bootVersion: string | null }[] };
      const [step] = first.steps;
      expect(finding.path[0]).toBe(
        step?.bootVersion ?? (step?.outcome === 'signal' ? 'fault' : step?.outcome),
      );
    }
    const failures: string[] = [];
    let replayed = 0;
    await replayFolder(folder, ({ name, differences }) => {
      replayed += 1;
      failures.push(...differences.map((line) => `${name}: ${line}`));
    });
    rmSync(folder, { recursive: true });
    expect(failures).toEqual([]);
    expect(replayed).toBeGreaterThanOrEqual(report.findings.length);
  });

  test('is nothing worse than what happens anyway', async () => {
    // nothing boots with and without a cut: no finding
    const device = await forgeDevice({ algorithm: 'swap-using-move' });
    device.flash.erase(0, 1024);
    new ApplicationSide(device.flash, device.config).setPending();
    const report = await explorePowerCuts(device);
    expect(report.undisturbed.outcome).toBe('dead');
    expect(report.findings).toEqual([]);
  });

  test('is told from a boot that changes flash for ever', async () => {
    const device = await scenario('scratch-ed25519-w4-m8-revert-secondary-erased', 4);
    const report = await explorePowerCuts(device, { twice: false });
    expect(report.undisturbed.outcome).toBe('restless');
  });
});

/** Attributes of every rectangle of a drawing. */
function rectangles(svg: string): Record<string, string>[] {
  return [...svg.matchAll(/<rect ([^>]*?)\/?>/g)].map(([, all = '']) =>
    Object.fromEntries(
      [...all.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key, value]) => [key, value]),
    ),
  );
}

/** Whether every element is closed, in order. */
function isWellFormed(xml: string): boolean {
  const open: string[] = [];
  for (const [, close, name = '', alone] of xml.matchAll(/<(\/?)(\w+)[^>]*?(\/?)>/g)) {
    if (alone === '/') continue;
    if (close === '/') {
      if (open.pop() !== name) return false;
    } else open.push(name);
  }
  return open.length === 0 && !/&(?!amp;|lt;|quot;)/.test(xml);
}

describe('the map', () => {
  test('shows each operation and the figures of the table', async () => {
    const { device, report } = await fragile();
    const startOf = ({ area, offsetBytes }: CutReport['operations'][number]): number =>
      placeOf(device.config, area).offsetBytes + offsetBytes;
    const title = 'a & b < c';
    const svg = drawCutMap(report, { sectors: device.flash.sectors, title, startOf });
    expect(isWellFormed(svg)).toBe(true);
    const shapes = rectangles(svg);
    const drawn = shapes.filter((each) => each['data-operation'] !== undefined);
    expect(drawn.map((each) => Number(each['data-operation']))).toEqual(
      report.operations.map(({ number }) => number),
    );
    expect(drawn.map((each) => Number(each['data-sector']))).toEqual(
      report.operations.map(({ sector }) => sector),
    );
    for (const kind of powerCutKinds) {
      const strip = shapes.filter((each) => each['data-cut'] === kind);
      const length = ({ 'data-from': from, 'data-to': to }: Record<string, string>): number =>
        Number(to) - Number(from) + 1;
      for (const outcome of cutOutcomes) {
        const cells = strip.filter((each) => each['class'] === outcome);
        const sum = cells.reduce((all, each) => all + length(each), 0);
        expect([kind, outcome, sum]).toEqual([kind, outcome, report.counts[kind][outcome]]);
      }
    }
    // some second cut goes wrong here, and the operation of its first one has that colour
    const worst = report.findings.map(({ cuts }) => cuts[0]?.operation);
    expect(worst.length).toBeGreaterThan(0);
    for (const operation of worst) expect(drawn[operation ?? 0]?.['class']).not.toMatch(/^same/);
    for (const outcome of cutOutcomes) {
      expect(svg).toContain(`.${outcome}{fill:${outcomeColours[outcome]}}`);
      const used = Object.values(report.counts).some((each) => each[outcome] > 0);
      expect(shapes.some((each) => each['data-legend'] === outcome)).toBe(used);
    }
    expect(svg).toContain(`two in a row ${report.counts.pairs.same}<`);
  });
});

describe('wear', () => {
  test('is what the boots of the C library do', async () => {
    const device = await scenario('move-ed25519-w4-m8-seed-sequence', 0);
    const found = await compareWear(device);
    const summary = found.map(({ algorithm, boots }) => {
      const costs = boots.map(({ erases, operations }) => `${erases} in ${operations}`);
      return `${algorithm}: ${costs.join(', ')}`;
    });
    expect(summary).toEqual([
      'swap-using-move: 20 in 114, 21 in 119',
      'swap-using-offset: 14 in 79, 17 in 88',
      'swap-using-scratch: 21 in 118, 21 in 119',
      'overwrite-only: 18 in 82',
    ]);
  });

  test('has the datasheet in it', async () => {
    const device = await forgeDevice({ algorithm: 'swap-using-move' });
    const timing = { eraseSectorMs: 10, programUnitUs: 100 };
    const geometry = { ...device.flash.geometry, timing };
    const flash = new MemoryFlash(geometry, dumpOf(device.flash));
    const [move] = await compareWear({ ...device, flash });
    const [update] = move?.boots ?? [];
    const expected = (update?.erases ?? 0) * 0.01 + ((update?.bytesWritten ?? 0) / 4) * 0.0001;
    expect(update?.seconds).toBeCloseTo(expected, 9);
    const sums = update?.areas.flatMap(({ erases }) => erases) ?? [];
    expect(sums.reduce((sum, each) => sum + each, 0)).toBe(update?.erases);
  });

  test('says which algorithm cannot do it, and why', async () => {
    // leaves no free sector to move into
    const device = await forgeDevice({
      algorithm: 'overwrite-only',
      primarySectors: 6,
      payloadBytes: 4000,
    });
    const found = await compareWear(device);
    const reasons = Object.fromEntries(found.map((each) => [each.algorithm, each.impossible]));
    expect(reasons['overwrite-only']).toBeUndefined();
    expect(reasons['swap-using-move']).toMatch(/too many|free space/);
  });

  test('needs two images', async () => {
    const device = await forgeDevice({ algorithm: 'swap-using-move' });
    device.flash.erase(10 * 1024, 1024);
    await expect(compareWear(device)).rejects.toThrow(
      /expected an image in both slots, the secondary/,
    );
  });
});
