import { describe, expect, test } from 'vitest';
import { boardModel, exploreChipCuts } from '../../src/board/index.ts';
import { DfuError } from '../../src/bytes/index.ts';
import { chipModel } from '../../src/chip/index.ts';
import { ExpectationError, boardBench } from '../../src/testing/index.ts';
import type { BoardBench } from '../../src/testing/index.ts';
import { hostileBinary, hostileKinds } from '../fixtures/machine/hostile/hostile.ts';
import type { HostileKind } from '../fixtures/machine/hostile/hostile.ts';
import { Random } from './random.ts';

/* Machine code that does its worst: the board, its host and the power cuts stay bounded, and answer. */

function flashWith(program: Uint8Array): Uint8Array<ArrayBuffer> {
  const flash = new Uint8Array(0x200000).fill(0xff);
  flash.set(program);
  return flash;
}

/** How it came out, in a word. */
async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'done';
  } catch (error) {
    if (!(error instanceof ExpectationError) && !DfuError.is(error)) throw error;
    return error.message.split('\n', 1)[0] ?? '';
  }
}

const restless = /^pass: the board resets itself over and over: 200 starts in \d+ ms$/;
const nobody = /No DFU (?:capable USB )?device/;
const wrongState = /expected dfuDNLOAD-IDLE, the device is in dfuIDLE/;

/** What comes of half a second, and of a download after it. */
const expected: Readonly<Record<HostileKind, readonly [RegExp, RegExp]>> = {
  good: [/^done$/, wrongState],
  'endless-nak': [/^done$/, nobody],
  never: [/^done$/, nobody],
  flaps: [/^done$/, nobody],
  floods: [/^done$/, wrongState],
  erases: [/^done$/, wrongState],
  beyond: [/^done$/, nobody],
  longer: [/^done$/, nobody],
  huge: [/^done$/, wrongState],
  short: [/^done$/, nobody],
  zero: [/^done$/, nobody],
  'resets-itself': [restless, /resets itself over and over/],
  reboots: [restless, /resets itself over and over/],
  storm: [/^done$/, wrongState],
  oversized: [/^done$/, wrongState],
  stalls: [/^done$/, nobody],
  babbles: [/^done$/, wrongState],
  'forever-busy': [/^done$/, /did not come within 15 s of the board's time/],
  'wild-stack': [/^done$/, nobody],
};

describe('a board with firmware that', () => {
  test.each(hostileKinds)('%s', async (kind) => {
    const bench = await boardBench('rpi_pico', { flash: flashWith(hostileBinary(kind)) });
    const [passes, downloads] = expected[kind];
    expect(await outcomeOf(bench.pass(500))).toMatch(passes);
    const download = bench.download(new Uint8Array(200), { within: 15_000 });
    expect(await outcomeOf(download)).toMatch(downloads);
    // all that it can say is bounded, and whoever has the board has it in hand
    expect(bench.events.length).toBeLessThan(10_000);
    await answers(bench);
    await bench.close();
  });
});

/** The power still takes it away, and a debug port still gives it another program. */
async function answers(bench: BoardBench): Promise<void> {
  await bench.powerCut();
  expect(bench.board.isOn).toBe(false);
  await bench.program(hostileBinary('good'), { address: 0x10000000 }).catch(() => undefined);
  await bench.powerOn();
  expect(bench.board.isOn).toBe(true);
  await bench.powerCut();
}

describe('power cuts of firmware that', () => {
  test.each(['erases', 'resets-itself', 'reboots', 'storm', 'wild-stack', 'beyond'] as const)(
    '%s',
    async (kind) => {
      const report = await exploreChipCuts(deviceWith(hostileBinary(kind)), { withinMs: 6000 });
      expect(report.undisturbed.atRest).toEqual([]);
      expect([report.cases, report.findings]).toEqual([[], []]);
      expect(report.executed.boots).toBeLessThan(10);
    },
  );
});

function deviceWith(program: Uint8Array): Parameters<typeof exploreChipCuts>[0] {
  const chip = chipModel('RP2040');
  if (chip === undefined) throw new Error('expected a model of the RP2040');
  return {
    chip,
    geometry: boardModel('rpi_pico').flash,
    contents: flashWith(program),
    applications: [{ name: 'slot0', address: 0x10010000, sizeBytes: 0xd0000 }],
  };
}

describe('instructions that nobody has written', () => {
  test.each(Array.from({ length: 24 }, (_, seed) => seed))('seed %i', async (seed) => {
    const random = new Random(seed);
    const program = hostileBinary('good');
    // the second stage and the vector table stay, what they lead to does not
    for (let at = 0x1c0; at < program.length; at += 1) program[at] = random.below(256);
    const bench = await boardBench('rpi_pico', { flash: flashWith(program) });
    expect(await outcomeOf(bench.pass(100))).toMatch(/^done$|resets itself over and over/);
    expect(bench.events.length).toBeLessThan(10_000);
    await answers(bench);
    await bench.close();
    const report = exploreChipCuts(deviceWith(program), { withinMs: 100, sample: 3 });
    expect(await outcomeOf(report)).toMatch(/^done$|not modelled/);
  });
});
