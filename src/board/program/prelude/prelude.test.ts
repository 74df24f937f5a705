import { afterEach, describe, expect, test } from 'vitest';
import { happening } from '../../../../test/support/boards.ts';
import type { TestBoard } from '../../../../test/support/boards.ts';
import { sameThreadBench, turn } from '../../../../test/support/same-thread.ts';
import type { SameThreadBench } from '../../../../test/support/same-thread.ts';
import { fromHex } from '../../../bytes/index.ts';
import { DevicePort } from '../../../usb/index.ts';
import type { SetupPacket, TransferResult } from '../../../usb/index.ts';

const boards: TestBoard[] = [];

afterEach(async () => {
  await Promise.all(boards.splice(0).map(({ board }) => board.close()));
});

function bench(): SameThreadBench {
  const made = sameThreadBench({ watchdogMs: 1000 });
  boards.push(made);
  return made;
}

describe('the board as its program has it', () => {
  test('knows what it is', () => {
    const { program } = bench();
    expect(program).toMatchObject({
      name: 'particle-xenon',
      chip: 'nRF52840',
      platform: 'riot',
      image: { slot: 0, version: 1, entryAddress: 0x4400 },
      boot: undefined,
    });
  });

  test('sleeps and tells the time by the board’s clock', async () => {
    const { program, clock } = bench();
    let awake = false;
    const slept = program.sleep(40).then(() => (awake = true));
    await turn();
    clock.advance(39);
    await turn();
    expect(awake).toBe(false);
    clock.advance(1);
    await slept;
    expect(await program.uptimeUs()).toBe(40_000);
  });

  test('reads sensors, drives actuators, and is told what it cannot', async () => {
    const { program, last } = bench();
    await program.sensors.write(2, 1);
    expect(last('actuator')).toEqual({ type: 'actuator', name: 'Led Blue', value: 1 });
    expect(await program.sensors.read(4)).toBe(2325);
    await expect(program.sensors.write(4, 1)).rejects.toThrow(/is a sensor/);
    await expect(program.flash.read(0, 1e6)).rejects.toMatchObject({ name: 'OUT_OF_RANGE' });
  });

  test('keeps words in RAM, and erases flash', async () => {
    const { program, flash } = bench();
    const { address } = program.noInitRam;
    await program.noInitRam.writeWord(address, 0xdeadbeef);
    expect(await program.noInitRam.readWord(address)).toBe(0xdeadbeef);
    flash.program(0xf0000, new Uint8Array(4));
    await program.flash.erase(0xf0000, 0x1000);
    expect(flash.read(0xf0000, 1)).toEqual(Uint8Array.of(0xff));
  });

  test.each([
    ['reboot', 'software', 'application'],
    ['enterDfuMode', 'software', 'dfu'],
  ] as const)('resets with %s', async (how, cause, mode) => {
    const { program, board } = bench();
    const booted = happening(board, ({ type }) => type === 'boot');
    void program[how]();
    expect(await booted).toMatchObject({ cause, mode });
  });

  test('is asked when it has read what was printed before, where nobody can wait for that', async () => {
    const { program, clock, events } = bench();
    for (let line = 0; line < 100; line += 1) program.console.print('x'.repeat(1000));
    const order: string[] = [];
    const asked = [
      program.sleep(5).then(() => order.push('slept')),
      program.sensors.read(4).then((value) => order.push(`read ${value}`)),
      program.sensors.write(0, 1).then(() => order.push('written')),
    ];
    for (let round = 0; round < 10; round += 1) {
      await turn();
      clock.advance(5);
    }
    await Promise.all(asked);
    expect(order).toEqual(['read 2325', 'written', 'slept']);
    const printed = events.filter(({ type }) => type === 'console').length;
    expect(printed).toBeGreaterThan(60);
    expect(printed).toBeLessThan(70);
  });

  test('feeds the watchdog by being idle, until it takes that over', async () => {
    const { program, clock, last } = bench();
    for (let round = 0; round < 4; round += 1) {
      clock.advance(600);
      await turn();
      await turn();
    }
    expect(last('boot')).toMatchObject({ cause: 'power-on' });
    program.watchdog.takeOver();
    program.watchdog.feed();
    await turn();
    clock.advance(600);
    await turn();
    await turn();
    clock.advance(400);
    expect(last('boot')).toMatchObject({ cause: 'watchdog' });
  });
});

describe('the USB port as its program has it', () => {
  const nobody = { attached: () => {}, detached: () => {}, log: () => {} };

  test('answers for interfaces, decides about DFU_DETACH, and hears what happens', async () => {
    const { board, clock, program } = bench();
    const heard: string[] = [];
    program.usb.onMessage(({ type }) => void heard.push(type));
    await program.usb.attach({
      idVendor: 0x1209,
      idProduct: 0x7d01,
      functions: [
        {
          type: 'interface',
          bInterfaceClass: 255,
          bInterfaceSubClass: 0,
          bInterfaceProtocol: 0,
          descriptors: [Uint8Array.of(4, 0x24, 7, 8), Uint8Array.of(3, 0x25, 9)],
          onControl: ({ bRequest, data }) =>
            bRequest === 1 ? Uint8Array.of(1, 2, 3) : data[0] === 7 ? 'status' : 'stall',
        },
        {
          type: 'dfu-runtime',
          allow: (timeoutMs) => (timeoutMs > 10 ? timeoutMs : undefined),
          detach: (reason) => void heard.push(`told: ${reason}`),
        },
      ],
    });
    const port = new DevicePort(board.port, clock, nobody);
    port.plug();
    const transfer = (packet: SetupPacket, data?: Uint8Array): Promise<TransferResult> =>
      new Promise((resolve) => {
        port.submit(packet, data, resolve);
      });
    await transfer({ bmRequestType: 0, bRequest: 9, wValue: 1, wIndex: 0, wLength: 0 });
    const own = { bmRequestType: 0xc1, bRequest: 1, wValue: 0, wIndex: 0, wLength: 3 };
    expect(await transfer(own)).toEqual({ end: 'in', data: fromHex('010203') });
    const out = { ...own, bmRequestType: 0x41, bRequest: 2, wLength: 1 };
    expect(await transfer(out, Uint8Array.of(7))).toEqual({ end: 'out', taken: 1 });
    expect(await transfer(out, Uint8Array.of(8))).toEqual({ end: 'stall' });
    const second = { ...own, bmRequestType: 0x81, bRequest: 6, wValue: 0x2500 };
    expect(await transfer(second)).toEqual({ end: 'in', data: Uint8Array.of(3, 0x25, 9) });
    const detach = { bmRequestType: 0x21, bRequest: 0, wValue: 10, wIndex: 1, wLength: 0 };
    expect(await transfer(detach)).toEqual({ end: 'stall' });
    expect(await transfer({ ...detach, wValue: 11 })).toEqual({ end: 'out', taken: 0 });
    clock.advance(11);
    await turn();
    expect(heard).toContain('told: detach');
    expect(heard).toContain('configured');
    await program.usb.detach();
    expect(port.attached).toBe(false);
  });
});
