import { describe, expect, test } from 'vitest';
import { DfuError } from '../bytes/index.ts';
import { ScriptedDevice } from '../../test/support/scripted-device.ts';
import { ControlWire, DevicePort, LinkedPipe, PipeState, VirtualClock } from './index.ts';
import type { BusDevice, PipeLink, TransferEnd, WireTransfer } from './index.ts';

const device: BusDevice = {
  id: 'here',
  location: { bus: 1, address: 1, path: '1-1' },
  speed: 'full',
  descriptor: {
    bcdUSB: 0x0200,
    bDeviceClass: 0,
    bDeviceSubClass: 0,
    bDeviceProtocol: 0,
    bMaxPacketSize0: 64,
    idVendor: 1,
    idProduct: 2,
    bcdDevice: 3,
    iManufacturer: 0,
    iProduct: 0,
    iSerialNumber: 0,
    bNumConfigurations: 1,
  },
  open: () => Promise.reject(new DfuError('BUSY', 'it is open')),
};
const vendorIn = { bmRequestType: 0xc0, bRequest: 1, wValue: 0, wIndex: 0 };
const vendorOut = { ...vendorIn, bmRequestType: 0x40 };

/** A link that writes down what it is asked for, and ends transfers when the test says so. */
class ScriptedLink implements PipeLink {
  readonly log: string[] = [];
  readonly under: ((how: TransferEnd) => void)[] = [];
  failure: DfuError | undefined;

  transfer({ packet, data }: WireTransfer, ended: (how: TransferEnd) => void): () => void {
    this.log.push(`${data === undefined ? 'in' : `out ${data.length}`} ${packet.bRequest}`);
    this.under.push(ended);
    return () => this.log.push('over');
  }

  reset(): Promise<'same' | 'gone'> {
    return this.#did('reset').then(() => 'same');
  }

  close(): Promise<void> {
    return this.#did('close');
  }

  claim(interfaceNumber: number): Promise<void> {
    return this.#did(`claim ${interfaceNumber}`);
  }

  release(interfaceNumber: number, alternate: number): Promise<void> {
    return this.#did(`release ${interfaceNumber} from ${alternate}`);
  }

  select(interfaceNumber: number, alternate: number): Promise<void> {
    return this.#did(`select ${interfaceNumber} ${alternate}`);
  }

  #did(what: string): Promise<void> {
    this.log.push(what);
    return this.failure === undefined ? Promise.resolve() : Promise.reject(this.failure);
  }
}

interface Bench {
  readonly clock: VirtualClock;
  readonly link: ScriptedLink;
  readonly pipe: LinkedPipe;
  readonly state: PipeState;
}

function bench(state = new PipeState()): Bench {
  const clock = new VirtualClock();
  const link = new ScriptedLink();
  const wire = new ControlWire(link, clock);
  return { clock, link, state, pipe: new LinkedPipe({ device, link, wire, state }) };
}

describe('a transfer', () => {
  test('ends as the link says', async () => {
    const { link, pipe } = bench();
    const read = pipe.controlIn(vendorIn, 8);
    link.under[0]?.({ end: 'in', data: Uint8Array.of(1) });
    expect(await read).toEqual(Uint8Array.of(1));
    const write = pipe.controlOut(vendorOut, new Uint8Array(3));
    link.under[1]?.({ end: 'out', taken: 2 });
    expect(await write).toBe(2);
    expect(link.log).toEqual(['in 1', 'over', 'out 3 1', 'over']);
  });

  test.each<[TransferEnd, string]>([
    [{ end: 'stall' }, 'STALLED'],
    [{ end: 'lost' }, 'DISCONNECTED'],
    [{ end: 'failed', error: new DfuError('PROTOCOL', 'odd') }, 'PROTOCOL'],
  ])('that ends with %o fails', async (how, code) => {
    const { clock, link, pipe } = bench();
    const read = pipe.controlIn(vendorIn, 8);
    link.under[0]?.(how);
    await expect(read).rejects.toMatchObject({ code });
    expect(clock.nextMs).toBe(Infinity);
  });

  test('has five seconds unless told otherwise, and an answer behind them is late', async () => {
    const { clock, link, pipe } = bench();
    const read = pipe.controlIn(vendorIn, 8);
    clock.advance(4999);
    expect(link.log).toEqual(['in 1']);
    clock.advance(1);
    link.under[0]?.({ end: 'in', data: Uint8Array.of(1) });
    await expect(read).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringMatching(/^no answer within 5000 ms to request 0xc0 1,/) as string,
    });
    expect(link.log).toEqual(['in 1', 'over']);
    const short = pipe.controlIn(vendorIn, 8, { timeoutMs: 7 });
    clock.advance(7);
    await expect(short).rejects.toThrow('within 7 ms');
  });

  test('of a link that keeps the time itself sets no timer', async () => {
    const clock = new VirtualClock();
    const times: number[] = [];
    const wire = new ControlWire(
      {
        keepsTime: true,
        transfer({ timeoutMs }, ended) {
          times.push(timeoutMs, clock.nextMs);
          ended({ end: 'stall' });
          return undefined;
        },
      },
      clock,
    );
    await expect(wire.controlIn(vendorIn, 1, { timeoutMs: 9 })).rejects.toThrow('refused');
    expect(times).toEqual([9, Infinity]);
  });

  test('of a closed pipe is refused, of a device that has left it is the link’s', async () => {
    const { link, pipe, state } = bench();
    state.leave();
    const lost = pipe.controlIn(vendorIn, 8);
    link.under[0]?.({ end: 'lost' });
    await expect(lost).rejects.toThrow('not answered: request 0xc0 1');
    await pipe.close();
    await expect(pipe.controlIn(vendorIn, 8)).rejects.toThrow('the pipe is closed');
    await expect(pipe.controlOut(vendorOut, new Uint8Array(0))).rejects.toThrow('is closed');
    expect(link.under).toHaveLength(1);
  });
});

describe('an interface', () => {
  test('claimed twice is claimed once, and released once', async () => {
    const { link, pipe } = bench();
    await pipe.claimInterface(2);
    await pipe.claimInterface(2);
    await pipe.releaseInterface(2);
    await pipe.releaseInterface(2);
    expect(link.log).toEqual(['claim 2', 'release 2 from 0']);
  });

  test('that cannot be claimed is not held', async () => {
    const { link, pipe, state } = bench();
    link.failure = new DfuError('ACCESS', 'no');
    await expect(pipe.claimInterface(0)).rejects.toMatchObject({ code: 'ACCESS' });
    expect(state.held()).toEqual([]);
  });

  test('must be claimed before its alternate is selected', async () => {
    const { link, pipe } = bench();
    await expect(pipe.selectAlternate(1, 3)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'interface 1 must be claimed before its alternate is selected',
    });
    expect(link.log).toEqual([]);
    await pipe.claimInterface(1);
    await pipe.selectAlternate(1, 3);
    await pipe.releaseInterface(1);
    await expect(pipe.selectAlternate(1, 3)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(link.log).toEqual(['claim 1', 'select 1 3', 'release 1 from 3']);
  });

  test('keeps the alternate that it had if another cannot be selected', async () => {
    const { link, pipe, state } = bench();
    await pipe.claimInterface(0);
    await pipe.selectAlternate(0, 2);
    link.failure = new DfuError('STALLED', 'no such alternate');
    await expect(pipe.selectAlternate(0, 5)).rejects.toMatchObject({ code: 'STALLED' });
    expect(state.alternates()).toEqual([[0, 2]]);
  });

  test('is one pipe’s at a time', async () => {
    const one = bench();
    const other = bench(one.state);
    await one.pipe.claimInterface(0);
    await expect(other.pipe.claimInterface(0)).rejects.toMatchObject({
      code: 'BUSY',
      message: 'interface 0 is held by another pipe',
    });
    await expect(other.pipe.selectAlternate(0, 1)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    await other.pipe.releaseInterface(0);
    await other.pipe.close();
    expect(one.state.held()).toEqual([0]);
    await one.pipe.close();
    expect(one.state.held()).toEqual([]);
  });
});

describe('closing', () => {
  test('releases what is held, once, whatever the link makes of it', async () => {
    const { link, pipe, state } = bench();
    await pipe.claimInterface(0);
    await pipe.claimInterface(1);
    await pipe.selectAlternate(1, 4);
    link.log.length = 0;
    await pipe.close();
    await pipe.close();
    await pipe.gone;
    expect(link.log).toEqual(['release 0 from 0', 'release 1 from 4', 'close']);
    expect(state.over).toBe(false);
    await expect(pipe.claimInterface(0)).rejects.toThrow('the pipe is closed');
    await expect(pipe.reset()).rejects.toThrow('the pipe is closed');

    const failing = bench();
    await failing.pipe.claimInterface(0);
    failing.link.failure = new DfuError('IO', 'no');
    await expect(failing.pipe.close()).rejects.toThrow('no');
    expect(failing.link.log).toEqual(['claim 0', 'release 0 from 0', 'close']);
  });

  test('of a device that has left still releases', async () => {
    const { link, pipe, state } = bench();
    await pipe.claimInterface(0);
    state.leave();
    await pipe.gone;
    expect(await pipe.reset()).toBe('gone');
    await expect(pipe.claimInterface(1)).rejects.toThrow('the device has gone');
    await pipe.close();
    expect(link.log).toEqual(['claim 0', 'release 0 from 0', 'close']);
  });
});

describe('behind a reset', () => {
  function attached(): { wire: ControlWire; scripted: ScriptedDevice } {
    const clock = new VirtualClock();
    const scripted = new ScriptedDevice();
    const nobody = { attached: () => {}, detached: () => {}, log: () => {} };
    const port = new DevicePort(scripted, clock, nobody);
    port.plug();
    const wire = new ControlWire(
      {
        transfer: ({ packet, data }, ended) => {
          const transfer = port.submit(packet, data, ended);
          return () => port.cancel(transfer);
        },
      },
      clock,
    );
    return { wire, scripted };
  }

  test('a device that was never identified is not the same', async () => {
    const { wire } = attached();
    expect(await new PipeState().comesBack(wire)).toBe(false);
  });

  test('the same device gets its configuration and its alternates back', async () => {
    const { wire, scripted } = attached();
    const state = new PipeState();
    await state.identify(wire);
    state.claim(0, state);
    state.selected(0, 1);
    scripted.log.length = 0;
    expect(await state.comesBack(wire)).toBe(true);
    expect(scripted.log.filter((line) => !line.startsWith('device'))).toEqual([
      'configuration 1',
      'alternate 0 1',
    ]);
  });

  test('another device gets nothing', async () => {
    const { wire, scripted } = attached();
    const state = new PipeState();
    await state.identify(wire);
    scripted.alternates = 1;
    scripted.log.length = 0;
    expect(await state.comesBack(wire)).toBe(false);
    expect(scripted.log.filter((line) => line.startsWith('configuration'))).toEqual([]);
  });
});

describe('a transfer that a link carries', () => {
  const lost: TransferEnd = { end: 'lost' };
  const done: TransferEnd = { end: 'out', taken: 3 };

  test('ends once, also when the device leaves later', () => {
    const state = new PipeState();
    const ends: TransferEnd[] = [];
    let end: (how: TransferEnd) => void = () => {};
    state.carry(
      (how) => ends.push(how),
      (own) => {
        end = own;
        return undefined;
      },
    );
    end(done);
    end(done);
    state.leave();
    expect(ends).toEqual([done]);
  });

  test('is lost when the device leaves, and is not begun when it has left', () => {
    const state = new PipeState();
    const ends: TransferEnd[] = [];
    const begun: string[] = [];
    const carry = (name: string): void =>
      void state.carry(
        (how) => ends.push(how),
        () => void begun.push(name),
      );
    carry('first');
    state.leave();
    state.leave();
    carry('second');
    expect([ends, begun]).toEqual([[lost, lost], ['first']]);
  });

  test('that was given up ends for nobody, and is given up at the link', () => {
    const state = new PipeState();
    const ends: TransferEnd[] = [];
    let givenUp = 0;
    const giveUp = state.carry(
      (how) => ends.push(how),
      () => () => (givenUp += 1),
    );
    giveUp?.();
    state.leave();
    expect([ends, givenUp]).toEqual([[], 1]);
  });
});
