import { describe, expect, test } from 'vitest';
import { COMPATIBLE, Device, DfuSeMode, DfuSeRam } from '../../src/device/index.ts';
import { flashFile, outcomeOf } from '../../src/host/index.ts';
import type { FlashOptions, SendEnding, SendOutcome } from '../../src/host/index.ts';
import { flashAll } from '../../src/gang/index.ts';
import { LoopbackBus } from '../../src/link/loopback/index.ts';
import { VirtualClock } from '../../src/usb/index.ts';
import type { UsbDevice } from '../../src/usb/index.ts';
import { FailingDevice } from '../support/failing-device.ts';
import type { Fault } from '../support/failing-device.ts';
import { MiniatureBoard } from '../support/miniature-board.ts';
import { onClock } from '../support/scripted-pipe.ts';

/* A download of hundreds of transfers, failed at every single one of them. */

const BYTES = 3500;
const BLOCK = 64;
const file = Uint8Array.from({ length: BYTES }, (_, at) => (at * 11) ^ (at >> 7));
const START = 0x08000000;
const MOST_MS = 5 * 60_000;

interface Target {
  readonly device: UsbDevice;
  content(): Uint8Array;
  readonly options: Pick<FlashOptions, 'selection' | 'address' | 'resume' | 'detach'>;
}

const bits = { canDnload: true, canUpload: true, manifestationTolerant: true, willDetach: true };

function plain(starts: 'loader' | undefined): Target {
  const { device, disks } = new MiniatureBoard(bits, BLOCK, COMPATIBLE, {
    starts,
    sizeBytes: BYTES,
  });
  const content = (): Uint8Array => disks[1]?.content.slice(0, BYTES) ?? new Uint8Array(0);
  return {
    device,
    content,
    options: { selection: { alternate: 1 }, detach: starts === undefined },
  };
}

function dfuse(): Target {
  const ram = new DfuSeRam({ layout: '@Flash /0x08000000/8*001Kg', eraseMs: 5 });
  const mode = new DfuSeMode({ functional: { wTransferSize: BLOCK }, memories: [ram] });
  const identity = { idVendor: 0x0483, idProduct: 0xdf11, serial: 'ST' };
  const device = new Device({ identity, configurations: [{ functions: [mode] }] });
  const content = (): Uint8Array => ram.read(START, BYTES);
  return { device, content, options: { address: START, resume: true } };
}

const targets = [
  ['a plain loader', () => plain('loader')],
  ['an application that becomes a loader', () => plain(undefined)],
  ['a DfuSe device', dfuse],
] as const;

interface Trial {
  readonly clock: VirtualClock;
  readonly bus: LoopbackBus;
  readonly failing: FailingDevice;
  readonly target: Target;
}

async function trial(make: () => Target, [fault, at]: readonly [Fault, number]): Promise<Trial> {
  const clock = new VirtualClock();
  const bus = new LoopbackBus(clock);
  const target = make();
  const failing = new FailingDevice(target.device, fault, at);
  bus.plug(failing);
  await onClock(clock, bus.list());
  failing.arm();
  return { clock, bus, failing, target };
}

interface Came {
  readonly said: SendOutcome;
  /** It has taken all, and was gone before it said that it is done: it is taken for one that starts its firmware. */
  readonly hasLeft: boolean;
}

/** What a download came to. */
async function outcome(work: Promise<SendEnding>): Promise<Came> {
  try {
    const ending = await work;
    return { said: outcomeOf(ending), hasLeft: ending.ending === 'left' };
  } catch (error) {
    return { said: outcomeOf(error), hasLeft: false };
  }
}

const isSame = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;

describe.each(targets)('%s', (_, make) => {
  test.each(['vanishes', 'stalls once', 'stalls', 'silent'] as const)(
    'that %s at any transfer: the outcome is what has become of the memory',
    async (fault) => {
      const outcomes = new Set<SendOutcome>();
      let at = 0;
      for (let struck = true; struck; at += 1) {
        const { clock, bus, failing, target } = await trial(make, [fault, at]);
        const before = target.content();
        const { said, hasLeft } = await onClock(
          clock,
          outcome(flashFile(bus, file, { clock, returnMs: 2000, ...target.options })),
        );
        outcomes.add(said);
        const isAll = isSame(target.content(), file);
        const isUnchanged = isSame(target.content(), before);
        expect([at, said, said !== 'unchanged' || isUnchanged]).toEqual([at, said, true]);
        expect([at, said, !['written', 'verified'].includes(said) || hasLeft || isAll]).toEqual([
          at,
          said,
          true,
        ]);
        expect([at, said, said !== 'partly-written' || failing.touched]).toEqual([at, said, true]);
        expect(clock.now()).toBeLessThan(MOST_MS);
        ({ struck } = failing);
      }
      expect(at).toBeGreaterThan(100);
      expect(outcomes).toContain('written');
    },
  );

  test('that goes at any transfer and comes back is right after a retry, or it is said that it is not', async () => {
    let isDone = 0;
    let at = 0;
    for (let struck = true; struck; at += 1) {
      const { clock, bus, failing, target } = await trial(make, ['goes and comes back', at]);
      const { selection, ...options } = target.options;
      const which = selection === undefined ? undefined : [selection];
      const { results } = await onClock(
        clock,
        flashAll(bus, file, { clock, returnMs: 2000, retries: 2, which, ...options }),
      );
      const isAll = isSame(target.content(), file);
      for (const result of results) {
        const isGood = result.outcome === 'written' || result.outcome === 'verified';
        expect([at, isGood && !isAll]).toEqual([at, false]);
        if (isGood) isDone += 1;
      }
      expect(clock.now()).toBeLessThan(MOST_MS);
      ({ struck } = failing);
    }
    expect(at).toBeGreaterThan(100);
    // Most can be mended: all but what went before it was known to be one of those that are meant.
    expect(isDone / at).toBeGreaterThan(0.8);
  });
});
