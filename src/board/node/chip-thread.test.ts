import process from 'node:process';
import { MessageChannel } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ChipThread } from './chip-thread.ts';
import type { ChipLife } from './chip-thread.ts';
import { MachineControl } from './machine-control.ts';
import { machineFixture } from '../../../test/support/machine/fixture.ts';

let threads = 0;
const countThread = (): void => {
  threads += 1;
};

beforeEach(() => {
  threads = 0;
  process.on('worker', countThread);
});

afterEach(() => {
  vi.useRealTimers();
  process.off('worker', countThread);
});

const program = machineFixture('rp2040/dfu.bin');

/** A chip, and a promise of the first that it says. */
function life(): ChipLife & { readonly begun: Promise<void>; readonly control: MachineControl } {
  const flash = new SharedArrayBuffer(0x10_0000);
  new Uint8Array(flash).fill(0xff).set(program);
  const { port1, port2 } = new MessageChannel();
  const begun = new Promise<void>((resolve) => {
    port1.once('message', () => {
      resolve();
      port1.close();
    });
  });
  const shared = MachineControl.memory();
  return {
    begun,
    control: new MachineControl(shared),
    port: port2,
    failed: () => undefined,
    start: {
      chip: 'RP2040',
      flash,
      shared,
      time: 'real',
      order: {
        cause: 'power-on',
        ram: new Uint8Array(new SharedArrayBuffer(264 * 1024)),
        retained: new Uint8Array(new SharedArrayBuffer(256)),
        uniqueId: new Uint8Array(8),
      },
    },
  };
}

describe('the thread of a chip', () => {
  test('is ended by force if it does not leave its chip in time, and the next chip gets another', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const thread = new ChipThread('test');
    const [deaf, next] = [life(), life()];
    thread.run(deaf);
    await deaf.begun;
    // Nobody has told it.
    const left = thread.leave(deaf);
    thread.run(next);
    vi.advanceTimersByTime(1999);
    expect(threads).toBe(1);
    vi.advanceTimersByTime(1);
    await left;
    await next.begun;
    expect(threads).toBe(2);
    await thread.close();
  });

  test('leaves a chip that has not begun, and one that waited', async () => {
    const thread = new ChipThread('test');
    const [first, second, third] = [life(), life(), life()];
    thread.run(first);
    first.control.stop();
    const left = thread.leave(first);
    thread.run(second);
    await thread.leave(second);
    thread.run(third);
    await left;
    await third.begun;
    await thread.leave(second);
    expect(threads).toBe(1);
    await thread.close();
  });

  test('keeps the process alive while it is waited for, and by itself not', async () => {
    const ports = (): number =>
      process.getActiveResourcesInfo().filter((each) => each === 'MessagePort').length;
    const before = ports();
    const thread = new ChipThread('test');
    const only = life();
    thread.run(only);
    await only.begun;
    // A port that was closed is gone a turn later.
    await vi.waitFor(() => expect(ports()).toBe(before));
    only.control.stop();
    const left = thread.leave(only);
    expect(ports()).toBe(before + 1);
    await left;
    expect(ports()).toBe(before);
    const closed = thread.close();
    expect(ports()).toBe(before + 1);
    await closed;
  });

  test('without a chip is ended after a minute, and made anew for the next', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const thread = new ChipThread('test');
    thread.prepare();
    vi.advanceTimersByTime(60_000);
    const next = life();
    thread.run(next);
    await next.begun;
    expect(threads).toBe(2);
    await thread.close();
  });
});
