import { describe, expect, test } from 'vitest';
import { VirtualClock } from './clock.ts';
import { DevicePort } from './device-port.ts';
import type { TransferResult } from './device-port.ts';
import type { SetupPacket } from './setup.ts';
import { HELD, OUT, STATUS } from './usb-device.ts';
import { Say, ScriptedDevice } from '../../test/support/scripted-device.ts';

const vendorIn = (bRequest: number, wLength = 8): SetupPacket => ({
  bmRequestType: 0xc0,
  bRequest,
  wValue: 0,
  wIndex: 0,
  wLength,
});
const vendorOut = (bRequest: number, wLength: number): SetupPacket => ({
  ...vendorIn(bRequest, wLength),
  bmRequestType: 0x40,
});

interface Bench {
  readonly clock: VirtualClock;
  readonly device: ScriptedDevice;
  readonly port: DevicePort;
  readonly events: string[];
  /** Submits, and writes down how it ended. */
  readonly run: (packet: SetupPacket, data?: Uint8Array) => ReturnType<DevicePort['submit']>;
  readonly ends: TransferResult[];
}

function bench(): Bench {
  const clock = new VirtualClock();
  const device = new ScriptedDevice();
  const events: string[] = [];
  const ends: TransferResult[] = [];
  const port = new DevicePort(device, clock, {
    attached: () => events.push('attached'),
    detached: () => events.push('detached'),
    log: (line) => events.push(line),
  });
  port.plug();
  const run: Bench['run'] = (packet, data) =>
    port.submit(packet, data, (result) => ends.push(result));
  return { clock, device, port, events, run, ends };
}

describe('a device port', () => {
  test('takes an answer that comes in the very tick after the transfer was held', () => {
    const { device, ends, port, run } = bench();
    const tick = device.tick.bind(device);
    let waits = false;
    const setup = device.setup.bind(device);
    device.setup = (packet) => {
      waits = packet.bRequest === Say.hold;
      return setup(packet);
    };
    device.tick = (nowMs) => {
      if (waits) device.release({ stage: 'in', data: Uint8Array.of(1) });
      waits = false;
      return tick(nowMs);
    };
    run(vendorIn(Say.hold));
    run(vendorIn(Say.memory));
    expect(ends.map(({ end }) => end)).toEqual(['in', 'in']);
    expect(port.pending).toBe(0);
  });

  test('asks for the data when a held control-out is accepted', () => {
    const { device, ends, run } = bench();
    device.setup = () => HELD;
    run(vendorOut(Say.memory, 3), Uint8Array.of(1, 2, 3));
    expect(device.log).not.toContain('data 3');
    device.release(OUT);
    expect(device.log).toContain('data 3');
    expect(ends).toEqual([{ end: 'out', taken: 3 }]);
  });

  test('takes answers that make no sense for a refusal', () => {
    const { device, ends, run } = bench();
    device.setup = () => OUT;
    run(vendorIn(Say.memory));
    run(vendorOut(Say.memory, 0));
    device.setup = () => ({ stage: 'in', data: Uint8Array.of(1) });
    run(vendorOut(Say.memory, 1), Uint8Array.of(1));
    expect(ends.map(({ end }) => end)).toEqual(['stall', 'stall', 'stall']);
  });

  test('tells the truth about data that a device acknowledged without taking them', () => {
    const { device, ends, run } = bench();
    device.setup = () => STATUS;
    run(vendorOut(Say.memory, 3), Uint8Array.of(1, 2, 3));
    run(vendorIn(Say.memory));
    expect(ends).toEqual([
      { end: 'out', taken: 0 },
      { end: 'in', data: new Uint8Array(0) },
    ]);
  });

  test('says done once the host has seen the answer, and not after a stall', () => {
    const { device, ends, run } = bench();
    const order: number[] = [];
    device.done = () => order.push(ends.length);
    run(vendorIn(Say.memory));
    run(vendorIn(Say.stall));
    run(vendorIn(Say.memory));
    expect(order).toEqual([1, 3]);
  });

  test('loses what is under way when the device leaves or is reset', () => {
    const { clock, device, ends, events, port, run } = bench();
    run(vendorIn(Say.hold));
    run(vendorIn(Say.memory));
    device.bus?.detach();
    expect(ends).toEqual([{ end: 'lost' }, { end: 'lost' }]);
    run(vendorIn(Say.memory));
    expect(ends).toHaveLength(3);
    device.bus?.attach();
    run(vendorIn(Say.hold));
    port.reset();
    expect(ends).toHaveLength(4);
    device.release({ stage: 'in', data: Uint8Array.of(1) });
    expect(ends).toHaveLength(4);
    run({ ...vendorOut(Say.leave, 0), wValue: 50 });
    run(vendorIn(Say.memory));
    expect(ends.slice(4)).toEqual([{ end: 'out', taken: 0 }, { end: 'lost' }]);
    clock.advance(50);
    expect(events).toEqual(['attached', 'detached', 'attached', 'detached', 'attached']);
  });

  test('forgets what is cancelled, first in line or not', () => {
    const { device, ends, port, run } = bench();
    const first = run(vendorIn(Say.hold));
    const second = run(vendorIn(Say.memory));
    run(vendorIn(Say.stall));
    expect(port.pending).toBe(3);
    expect(port.cancel(second)).toBe(true);
    expect(port.cancel(first)).toBe(true);
    expect(port.cancel(first)).toBe(false);
    expect(ends).toEqual([{ end: 'stall' }]);
    device.release({ stage: 'in', data: Uint8Array.of(1) });
    expect(ends).toHaveLength(1);
  });

  test('lets a defect of the device through, and goes on', () => {
    const { device, ends, run } = bench();
    const setup = device.setup.bind(device);
    device.setup = () => {
      throw new TypeError('a defect');
    };
    expect(() => run(vendorIn(Say.memory))).toThrow('a defect');
    device.setup = setup;
    run(vendorIn(Say.memory));
    expect(ends).toEqual([{ end: 'in', data: new Uint8Array(0) }]);
  });

  test('leaves a device alone that is unplugged, whatever it wants', () => {
    const { clock, device, events, port } = bench();
    const bus = device.bus;
    port.unplug();
    bus?.attach();
    expect(port.attached).toBe(false);
    expect(events).toEqual(['attached', 'detached']);
    expect(clock.nextMs).toBe(Infinity);
  });
});
