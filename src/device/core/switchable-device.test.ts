import { describe, expect, test } from 'vitest';
import { STALLED, Wire } from '../../../test/conformance/device-bench.ts';
import type { DeviceBus } from '../../usb/index.ts';
import { Device, DfuMode, DfuRuntime, RamDisk, SwitchableDevice } from '../index.ts';

interface Bench {
  readonly wire: Wire;
  readonly port: SwitchableDevice;
  readonly application: Device;
  readonly bootloader: Device;
}

/** An application that becomes a bootloader, and a bootloader that becomes the application. */
function bench(willDetach: boolean): Bench {
  const functional = { bmAttributes: { willDetach, manifestationTolerant: false } };
  const runtime = new DfuRuntime({
    functional,
    onDetach: ({ onBus }) => {
      if (onBus) port.replaceInReset(bootloader);
      else port.replace(bootloader);
    },
  });
  const mode = new DfuMode({
    media: [new RamDisk({ sizeBytes: 64 })],
    functional,
    onLeave: () => port.replace(application, 100),
  });
  const application = new Device({
    identity: { idVendor: 0x1209, idProduct: 0x7d00 },
    configurations: [{ functions: [runtime] }],
  });
  const bootloader = new Device({
    identity: { idVendor: 0x1209, idProduct: 0x7d02 },
    configurations: [{ functions: [mode] }],
  });
  const port = new SwitchableDevice(application);
  return { port, application, bootloader, wire: new Wire(port) };
}

/** idProduct, as the host reads it. */
function product(wire: Wire): number | undefined {
  const packet = { bmRequestType: 0x80, bRequest: 6, wValue: 0x0100, wIndex: 0, wLength: 18 };
  const seen = wire.transfer(packet);
  return seen.end === 'ok' ? (seen.bytes[10] ?? 0) + (seen.bytes[11] ?? 0) * 256 : undefined;
}

describe('a device that becomes another one', () => {
  test('by leaving the bus and coming back (bitWillDetach)', () => {
    const { wire, port, bootloader } = bench(true);
    wire.configure();
    expect(product(wire)).toBe(0x7d00);
    wire.out(0, 1000);
    wire.pass(20);
    expect(wire.log).toEqual(['attach', 'detach']);
    expect(port.current).toBe(bootloader);
    expect(wire.in(3, 6)).toEqual(STALLED);
    wire.pass(299);
    expect(wire.log).toEqual(['attach', 'detach']);
    wire.pass(1);
    expect(wire.log).toEqual(['attach', 'detach', 'attach']);
    expect(product(wire)).toBe(0x7d02);
  });

  test('inside the reset that the host owes, without leaving', () => {
    const { wire, bootloader } = bench(false);
    wire.configure();
    wire.out(0, 1000);
    wire.reset();
    expect(wire.log).toEqual(['attach']);
    expect(product(wire)).toBe(0x7d02);
    // Linux resets twice.
    wire.reset();
    wire.configure();
    expect(bootloader.state).toBe('configured');
  });

  test('and back: run-time, DFU mode, download, run-time, and once more', () => {
    const { wire, port, application } = bench(false);
    for (let round = 0; round < 2; round += 1) {
      wire.configure();
      wire.out(0, 1000);
      wire.reset();
      wire.configure();
      wire.out(1, 0, Uint8Array.of(1, 2, 3));
      wire.in(3, 6);
      wire.out(1, 1);
      wire.in(3, 6);
      wire.reset();
      wire.configure();
      expect(product(wire)).toBe(0x7d02);
      wire.pass(300);
      expect(port.current).toBe(application);
      expect(product(wire)).toBe(0x7d00);
    }
    expect(wire.log).toEqual(['attach', 'detach', 'attach', 'detach', 'attach']);
  });

  test('from outside of any transfer: the link is woken', () => {
    const { wire, port, bootloader } = bench(true);
    wire.now = 5000;
    port.replace(bootloader, 50);
    expect(wire.log).toEqual(['attach', 'detach']);
    expect(wire.dueMs).toBe(5050);
    wire.pass(50);
    expect(wire.log).toEqual(['attach', 'detach', 'attach']);
  });

  test('in the next reset, if it is asked outside of one', () => {
    const { wire, port, bootloader } = bench(true);
    port.replaceInReset(bootloader);
    expect(product(wire)).toBe(0x7d00);
    wire.reset();
    expect(product(wire)).toBe(0x7d02);
    expect(wire.log).toEqual(['attach']);
  });

  test('what it was has nothing to say any more', () => {
    const { wire, port, application, bootloader } = bench(true);
    port.replace(bootloader, 0);
    wire.pass(0);
    application.attach();
    application.detach();
    expect(wire.log).toEqual(['attach', 'detach', 'attach']);
  });

  test('while it is unplugged: it comes back as the new one', () => {
    const { wire, port, bootloader } = bench(true);
    port.disconnect();
    port.replace(bootloader, 50);
    const again = new Wire(port);
    expect(again.log).toEqual(['attach']);
    expect(product(again)).toBe(0x7d02);
    expect(wire.log).toEqual(['attach']);
  });

  test('a newcomer that stays off the bus is seen as a leaving', () => {
    const { wire, port } = bench(true);
    const shy = new Device({
      identity: { idVendor: 1, idProduct: 2 },
      configurations: [{ functions: [] }],
      attachAtOnce: false,
    });
    port.replaceInReset(shy);
    wire.reset();
    expect(wire.log).toEqual(['attach', 'detach']);
    shy.attach();
    expect(wire.log).toEqual(['attach', 'detach', 'attach']);
  });

  test('does what a link wants of any device', () => {
    const { port } = bench(true);
    expect([port.speed, port.configure(1), port.selectAlternate(0, 0)]).toEqual([
      'full',
      true,
      true,
    ]);
    expect(port.descriptors().configurationValue).toBe(1);
    port.disconnect();
    expect(port.configure(1)).toBe(false);
  });
});

/** A device that counts what is done to it. */
class Counting extends Device {
  readonly calls: string[] = [];

  constructor(idProduct: number) {
    super({ identity: { idVendor: 0x1209, idProduct }, configurations: [{ functions: [] }] });
  }

  override connect(bus: DeviceBus): void {
    this.calls.push('connect');
    super.connect(bus);
  }

  override disconnect(): void {
    this.calls.push('disconnect');
    super.disconnect();
  }

  override reset(): void {
    this.calls.push('reset');
    super.reset();
  }
}

describe('a device with power of its own', () => {
  test('is none at first, and becomes one and another at once', () => {
    const port = new SwitchableDevice(undefined, { selfPowered: true });
    const wire = new Wire(port);
    expect([wire.log, wire.in(3, 6), port.descriptors().configurations]).toEqual([[], STALLED, []]);
    expect([port.speed, port.configure(1), port.selectAlternate(0, 0)]).toEqual([
      'full',
      false,
      false,
    ]);
    const first = new Counting(1);
    port.become(first);
    expect(product(wire)).toBe(1);
    port.become(new Counting(2));
    expect(product(wire)).toBe(2);
    port.become(undefined);
    expect(wire.log).toEqual(['attach', 'detach', 'attach', 'detach']);
    expect(first.calls).toEqual(['connect', 'disconnect']);
  });

  test('runs on without a cable, and is reset when one comes back', () => {
    const device = new Counting(1);
    const port = new SwitchableDevice(device, { selfPowered: true });
    const wire = new Wire(port);
    wire.configure();
    port.disconnect();
    expect([port.attached, device.state]).toEqual([false, 'configured']);
    const again = new Wire(port);
    expect([again.log, port.attached, device.state]).toEqual([['attach'], true, 'default']);
    expect(device.calls).toEqual(['connect', 'reset']);
  });

  test('that no host has seen is not reset when the cable comes', () => {
    const device = new Counting(1);
    const port = new SwitchableDevice(undefined, { selfPowered: true });
    port.become(device);
    expect(new Wire(port).log).toEqual(['attach']);
    expect(device.calls).toEqual(['connect']);
  });

  test('what it becomes inside a reset the host finds there, and is not reset again', () => {
    const port = new SwitchableDevice(undefined, { selfPowered: true });
    const wire = new Wire(port);
    const next = new Counting(2);
    const device = new Counting(1);
    device.reset = () => port.become(next);
    port.become(device);
    wire.reset();
    expect([wire.log, product(wire), next.calls]).toEqual([['attach'], 2, ['connect']]);
  });

  test('becomes another one on its own time, and in the next reset', () => {
    const port = new SwitchableDevice(new Counting(1), { selfPowered: true });
    const wire = new Wire(port);
    port.replace(new Counting(2), 50);
    expect([wire.log, wire.dueMs]).toEqual([['attach', 'detach'], 50]);
    wire.pass(50);
    expect(product(wire)).toBe(2);
    const third = new Counting(3);
    port.replaceInReset(third);
    wire.reset();
    expect([product(wire), third.calls]).toEqual([3, ['connect', 'reset']]);
    expect(wire.log).toEqual(['attach', 'detach', 'attach']);
  });
});

test('what it becomes inside the reset has been reset, too', () => {
  const device = new Counting(1);
  const next = new Counting(2);
  const port = new SwitchableDevice(device);
  device.reset = () => port.replaceInReset(next);
  const wire = new Wire(port);
  wire.reset();
  expect([product(wire), next.calls]).toEqual([2, ['connect', 'reset']]);
});

test('a newcomer that hides and makes way for another one: the host sees that one', () => {
  const shy = new Device({
    identity: { idVendor: 1, idProduct: 2 },
    configurations: [{ functions: [] }],
    attachAtOnce: false,
  });
  const port = new SwitchableDevice(new Counting(1));
  shy.reset = () => port.replaceInReset(new Counting(3));
  const wire = new Wire(port);
  port.replaceInReset(shy);
  wire.reset();
  expect([wire.log, product(wire)]).toEqual([['attach', 'detach', 'attach'], 3]);
});
