import { describe, expect, test } from 'vitest';
import { FakeRunner, testBoard } from '../../test/support/boards.ts';
import { fromHex, toHex } from '../bytes/index.ts';
import { Device } from '../device/index.ts';
import { DevicePort } from '../usb/index.ts';
import type { SetupPacket } from '../usb/index.ts';

const MAGIC_ADDRESS = 0x2003fffc;

const nobody = { attached: () => {}, detached: () => {}, log: () => {} };

/** A control-in of the host at the other end. */
function read(port: DevicePort, packet: SetupPacket): string {
  let hex = 'none';
  port.submit(packet, undefined, (result) => {
    hex = result.end === 'in' ? toHex(result.data) : result.end;
  });
  return hex;
}

const getDescriptor = (wValue: number, wIndex = 0): SetupPacket => ({
  bmRequestType: 0x80,
  bRequest: 6,
  wValue,
  wIndex,
  wLength: 255,
});

function textOf(port: DevicePort, index: number): string {
  const hex = read(port, getDescriptor(0x300 + index, 0x0409));
  return new TextDecoder('utf-16le').decode(fromHex(hex).subarray(2));
}

describe('what a bootloader decides', () => {
  test.each([
    ['riotboot_dfu', 'dfu'],
    ['riotboot', 'none'],
  ] as const)('%s with empty flash: %s', (bootloader, mode) => {
    const runner = new FakeRunner();
    const { board, events } = testBoard(runner, { bootloader });
    board.powerOn();
    expect(events.slice(0, 2)).toEqual([
      { type: 'power', on: true, operations: expect.any(Number) as number },
      { type: 'boot', cause: 'power-on', mode, why: 'no valid slot' },
    ]);
    expect(runner.started).toEqual([]);
  });

  test.each([
    ['the only slot', [[1, 7]], 1],
    [
      'the newer of two',
      [
        [0, 8],
        [1, 7],
      ],
      0,
    ],
    [
      'the newer of two',
      [
        [0, 8],
        [1, 9],
      ],
      1,
    ],
    [
      'the lower on a tie',
      [
        [0, 5],
        [1, 5],
      ],
      0,
    ],
    ['version 0 if it is all there is', [[1, 0]], 1],
  ] as const)('jumps to %s', (_, installed, slot) => {
    const runner = new FakeRunner();
    const { board, last, install } = testBoard(runner);
    for (const [index, version] of installed) install(index, version);
    board.powerOn();
    expect(last('boot')).toMatchObject({ mode: 'application', slot, why: 'newest slot' });
    expect(runner.board.image.entryAddress).toBe(slot === 0 ? 0x4400 : 0x82400);
  });

  test('plain riotboot has its slots elsewhere', () => {
    const runner = new FakeRunner();
    const { board, install } = testBoard(runner, { bootloader: 'riotboot' });
    install(1, 3);
    board.powerOn();
    expect(runner.board.image).toEqual({ slot: 1, version: 3, entryAddress: 0x81400 });
  });

  test('a header that was damaged is as good as none', () => {
    const { board, flash, last, install } = testBoard(new FakeRunner());
    install(0, 1);
    install(1, 2);
    flash.program(0x82000 + 12, new Uint8Array(4));
    board.powerOn();
    expect(last('boot')).toMatchObject({ mode: 'application', slot: 0 });
  });

  test('the button held at a start means DFU mode, that once', () => {
    const { board, last, install } = testBoard(new FakeRunner());
    install(0, 1);
    board.powerOn();
    board.pressReset({ button: true });
    expect(last('boot')).toEqual({ type: 'boot', cause: 'reset-pin', mode: 'dfu', why: 'button' });
    board.pressReset();
    expect(last('boot')).toMatchObject({ mode: 'application' });
  });

  test('the magic number means DFU mode, that once', () => {
    const runner = new FakeRunner();
    const { board, last, install } = testBoard(runner);
    install(0, 1);
    board.powerOn();
    runner.board.retainedRam.writeWord(MAGIC_ADDRESS, 0x544f4952);
    runner.board.reset();
    expect(last('boot')).toMatchObject({ cause: 'software', mode: 'dfu', why: 'magic number' });
    board.pressReset();
    expect(last('boot')).toMatchObject({ mode: 'application' });
  });

  test('the magic number does not survive a loss of power', () => {
    const runner = new FakeRunner();
    const { board, last, install } = testBoard(runner);
    install(0, 1);
    board.powerOn();
    runner.board.retainedRam.writeWord(MAGIC_ADDRESS, 0x544f4952);
    board.powerCut();
    board.powerOn();
    expect(last('boot')).toMatchObject({ cause: 'power-on', mode: 'application' });
  });

  test('plain riotboot looks at neither button nor magic number', () => {
    const runner = new FakeRunner();
    const { board, last, install } = testBoard(runner, { bootloader: 'riotboot' });
    install(0, 1);
    board.powerOn();
    runner.board.enterDfuMode();
    expect(last('boot')).toMatchObject({ mode: 'application' });
    board.pressReset({ button: true });
    expect(last('boot')).toMatchObject({ mode: 'application' });
  });
});

describe('the button as RIOT is compiled for it', () => {
  test.each([
    ['as the board has it', {}, false, true],
    ['by its pin', { pin: 'P0.11' }, false, true],
    ['not at all', { none: true }, false, false],
    ['with a pull-up outside of the chip', { mode: 'GPIO_IN', extPullup: true }, false, true],
    ['as open drain', { mode: 'GPIO_OD_PU' }, false, true],
    ['for a button to supply, which it is not', { mode: 'GPIO_IN_PD' }, false, false],
    ['at a pin with nothing on it', { pin: 'P1.04', mode: 'GPIO_IN_PU' }, false, false],
  ] as const)('looked at %s', (_, button, released, pressed) => {
    const { board, last, install } = testBoard(new FakeRunner(), { button });
    install(0, 1);
    board.powerOn();
    expect(last('boot')?.mode === 'dfu').toBe(released);
    board.pressReset({ button: true });
    expect(last('boot')?.mode === 'dfu').toBe(pressed);
  });
});

describe('DFU mode of riotboot_dfu', () => {
  test.each([
    ['riotboot', '0002'],
    // With a BOS behind it, for Windows and browsers.
    ['compatible', '0102'],
  ])('is what RIOT shows on the bus: %s', (profile, bcdUSB) => {
    const { board, clock } = testBoard(new FakeRunner(), { serial: '0011223344556677', profile });
    const port = new DevicePort(board.port, clock, nobody);
    port.plug();
    board.powerOn();
    expect(port.attached).toBe(true);
    const device = read(port, getDescriptor(0x100));
    expect(device).toMatch(new RegExp(`^1201${bcdUSB}000000400912027d0001`));
    const configuration = read(port, getDescriptor(0x200));
    expect(configuration).toContain('092109ff0040001001');
    expect(configuration.match(/090400(00|01)00fe0102/g)).toHaveLength(2);
    const texts = Array.from({ length: 6 }, (_, at) => textOf(port, at + 1));
    expect(texts.slice(0, 3)).toEqual(['RIOT-os.org', 'particle-xenon', '0011223344556677']);
    expect(texts).toEqual(
      expect.arrayContaining(['USB config', 'RIOT-OS Slot 0', 'RIOT-OS Slot 1']),
    );
  });

  test('can have another id', () => {
    const { board, last, clock } = testBoard(new FakeRunner(), { usbId: '1234:abcd' });
    new DevicePort(board.port, clock, nobody).plug();
    board.powerOn();
    expect(last('usb')).toEqual({ type: 'usb', state: 'attached', id: '1234:abcd' });
  });

  test('the personality puts the functional descriptor where RIOT has it', () => {
    const { board, clock } = testBoard(new FakeRunner(), { profile: 'riotboot' });
    const port = new DevicePort(board.port, clock, nobody);
    port.plug();
    board.powerOn();
    expect(read(port, getDescriptor(0x200))).toMatch(/0904000000fe0102..092109ff0040001001090400/);
  });
});

describe('power, cable, console', () => {
  test('a board without power does nothing', () => {
    const { board, events, install } = testBoard(new FakeRunner());
    install(0, 1);
    board.pressReset();
    board.input('saul');
    board.powerCut();
    expect(events).toEqual([]);
  });

  test('a reset ends the program, and what it says after that is not heard', () => {
    const runner = new FakeRunner();
    const { board, events, install } = testBoard(runner);
    install(0, 1);
    board.powerOn();
    const before = runner.board;
    before.uart.write('half a li');
    board.pressReset();
    expect(runner.stopped).toBe(1);
    expect(events).toContainEqual({ type: 'console', text: 'half a li' });
    const count = events.length;
    before.fault('too late');
    before.reset();
    before.enterDfuMode();
    expect(events).toHaveLength(count);
  });

  test('the console is put together into lines and gets lines', () => {
    const runner = new FakeRunner();
    const { board, events, install } = testBoard(runner);
    install(0, 1);
    board.powerOn();
    const typed: string[] = [];
    runner.board.uart.onLine((line) => typed.push(line));
    runner.board.uart.write('one\r\ntw');
    runner.board.uart.write('o\n');
    board.input('help');
    const texts = events.flatMap((event) => (event.type === 'console' ? [event.text] : []));
    expect(texts).toEqual(['one', 'two']);
    expect(typed).toEqual(['help']);
    expect(() => board.input('two\nlines')).toThrow(/one line/);
  });

  test('the watchdog resets a program that does not feed it', () => {
    const runner = new FakeRunner();
    const { board, clock, last, install } = testBoard(runner, { watchdogMs: 1000 });
    install(0, 1);
    board.powerOn();
    let warnings = 0;
    runner.board.watchdog.onWarning(() => {
      warnings += 1;
    });
    clock.advance(900);
    runner.board.watchdog.feed();
    clock.advance(900);
    expect(last('boot')).toMatchObject({ cause: 'power-on' });
    expect(warnings).toBe(2);
    clock.advance(100);
    expect(last('boot')).toMatchObject({ cause: 'watchdog', mode: 'application' });
  });

  test('no watchdog in DFU mode or without power', () => {
    const { board, clock, events } = testBoard(new FakeRunner());
    board.powerOn();
    const count = events.length;
    clock.advance(100_000);
    expect(events).toHaveLength(count);
    expect(clock.nextMs).toBe(Infinity);
  });

  test('the power can be cut by a listener in the middle of a start', () => {
    const runner = new FakeRunner();
    const { board, install } = testBoard(runner);
    install(0, 1);
    board.listen((event) => {
      if (event.type === 'boot') board.powerCut();
    });
    board.powerOn();
    expect(runner.started).toEqual([]);
    expect(board.isOn).toBe(false);
  });

  test('a flash operation that is cut takes the board down with it', () => {
    const runner = new FakeRunner();
    const { board, flash, last, install } = testBoard(runner);
    install(0, 1);
    board.powerOn();
    board.cutAfter(2);
    const program = (): void => runner.board.flash.program(0xf0000, new Uint8Array(16));
    expect(program).toThrow(/power was cut/);
    expect(last('power')).toMatchObject({ type: 'power', on: false });
    board.powerOn();
    expect(toHex(flash.read(0xf0000, 12))).toBe('0000000000000000ffffffff');
    expect(last('boot')).toMatchObject({ cause: 'power-on', mode: 'application' });
  });

  test('sensors: the button, lamps that a reset turns off, a temperature', () => {
    const runner = new FakeRunner();
    const { board, events, install } = testBoard(runner);
    install(0, 1);
    board.powerOn();
    const { sensors } = runner.board;
    expect(sensors.read(3)).toBe(0);
    board.setButton(true);
    expect(sensors.read(3)).toBe(1);
    sensors.write(1, 1);
    expect(events.at(-1)).toEqual({ type: 'actuator', name: 'Led Green', value: 1 });
    board.sensors.simulate('NRF_TEMP', -550);
    board.pressReset();
    expect([sensors.read(1), sensors.read(4)]).toEqual([0, -550]);
    expect(() => sensors.write(4, 1)).toThrow(/sensor/);
    expect(() => sensors.read(9)).toThrow(/no sensor 9/);
    expect(() => board.sensors.simulate('Led Red', 1)).toThrow(/simulated/);
  });
});

describe('the USB connector', () => {
  const application = (): Device =>
    new Device({
      identity: { idVendor: 0x1209, idProduct: 0x7d00 },
      configurations: [{ functions: [] }],
    });

  test('tells of every program behind it, and survives them', () => {
    const runner = new FakeRunner();
    const { board, clock, events, install } = testBoard(runner);
    const seen: string[] = [];
    const port = new DevicePort(board.port, clock, {
      attached: () => seen.push('attached'),
      detached: () => seen.push('detached'),
      log: () => {},
    });
    port.plug();
    board.powerOn();
    install(0, 1);
    board.pressReset();
    runner.board.usb.present(application());
    read(port, { bmRequestType: 0, bRequest: 9, wValue: 1, wIndex: 0, wLength: 0 });
    board.unplug();
    board.replug();
    board.powerCut();
    expect(seen).toEqual(['attached', 'detached', 'attached', 'detached', 'attached', 'detached']);
    expect(events.flatMap((event) => (event.type === 'usb' ? [event] : []))).toEqual([
      { type: 'usb', state: 'attached', id: '1209:7d02' },
      { type: 'usb', state: 'detached' },
      { type: 'usb', state: 'attached', id: '1209:7d00' },
      { type: 'usb', state: 'configured', id: '1209:7d00' },
      { type: 'usb', state: 'detached' },
      { type: 'usb', state: 'attached', id: '1209:7d00' },
      { type: 'usb', state: 'detached' },
    ]);
  });

  test('a program that takes over inside a bus reset is found where the other was', () => {
    const runner = new FakeRunner();
    const { board, clock, last, install } = testBoard(runner);
    install(0, 1);
    let detached = 0;
    const port = new DevicePort(board.port, clock, {
      ...nobody,
      detached: () => {
        detached += 1;
      },
    });
    port.plug();
    board.powerOn();
    const device = application();
    device.reset = () => runner.board.enterDfuMode();
    runner.board.usb.present(device);
    expect(read(port, getDescriptor(0x100))).toContain('0912007d');
    port.reset();
    expect(detached).toBe(0);
    expect(last('usb')).toEqual({ type: 'usb', state: 'attached', id: '1209:7d02' });
    expect(read(port, getDescriptor(0x100))).toContain('0912027d');
  });

  test('a cable that is out keeps the host from seeing anything', () => {
    const { board, clock, events } = testBoard(new FakeRunner());
    const port = new DevicePort(board.port, clock, nobody);
    port.plug();
    board.unplug();
    board.powerOn();
    expect(port.attached).toBe(false);
    expect(events.map(({ type }) => type)).not.toContain('usb');
    board.replug();
    expect(port.attached).toBe(true);
  });
});

describe('what a board cannot be had with', () => {
  test.each([
    [{ bootloader: 'u-boot' }, /riotboot_dfu, riotboot/],
    [{ profile: 'fast' }, /strict, compatible, riotboot/],
    [{ usbId: '12:34:56' }, /1209:7d02/],
    [{ serial: '' }, /1 to 126/],
  ])('%o', (options, message) => {
    expect(() => testBoard(new FakeRunner(), options)).toThrow(message);
  });
});
