import { describe, expect, test } from 'vitest';
import { Wire, STALLED } from '../../../test/conformance/device-bench.ts';
import type { Seen } from '../../../test/conformance/device-bench.ts';
import { fromHex, toHex } from '../../bytes/index.ts';
import { DFU_STATES, DFU_STATUSES, encodeDfuSeCommand, statusAnswer } from '../../dfu/index.ts';
import type { DfuSeCommand } from '../../dfu/index.ts';
import { decodeConfiguration } from '../../usb/index.ts';
import { DFUSE_COMPATIBLE, Device, DfuSeMode, DfuSeRam, STM32_ROM } from '../index.ts';
import type { DfuSeLeave, DfuSeMemory, DfuSeModeOptions, MediumResult } from '../index.ts';

const DETACH = 0;
const DNLOAD = 1;
const UPLOAD = 2;
const GETSTATUS = 3;
const CLRSTATUS = 4;
const ABORT = 6;

/** Two regions: 4 KiB to do anything with, 1 KiB to read only, and far off 1 KiB that is never read. */
const LAYOUT = '@Flash/0x08000000/4*1Kg,1*1Ka/0x90000000/1*1Kf';

class Bench {
  readonly wire: Wire;
  readonly mode: DfuSeMode;
  readonly left: DfuSeLeave[] = [];

  constructor(options: Partial<DfuSeModeOptions> = {}) {
    const ram = new DfuSeRam({ layout: LAYOUT, eraseMs: 30, massEraseMs: 70, programMsPerByte: 1 });
    this.mode = new DfuSeMode({
      memories: [ram],
      functional: { wTransferSize: 64 },
      onLeave: (leave) => this.left.push(leave),
      ...options,
    });
    const identity = { idVendor: 0x0483, idProduct: 0xdf11 };
    const configurations = [{ functions: [this.mode] }];
    this.wire = new Wire(new Device({ identity, configurations }));
    this.wire.configure();
  }

  send(command: DfuSeCommand): Seen {
    return this.wire.out(DNLOAD, 0, encodeDfuSeCommand(command));
  }

  /** `dfuDNBUSY OK 30`. */
  status(): string {
    const seen = this.wire.in(GETSTATUS, 6);
    if (seen.end !== 'ok') return seen.end;
    const { bState, bStatus, bwPollTimeout } = statusAnswer.decode(seen.bytes);
    return `${DFU_STATES[bState] ?? ''} ${DFU_STATUSES[bStatus] ?? ''} ${bwPollTimeout}`;
  }

  /** The text that iString of the last status points to. */
  reason(): string {
    const seen = this.wire.in(GETSTATUS, 6);
    const index = seen.end === 'ok' ? (seen.bytes[5] ?? 0) : 0;
    if (index === 0) return '';
    const packet = { bmRequestType: 0x80, bRequest: 6, wValue: 0x300 | index, wIndex: 0x409 };
    const text = this.wire.transfer({ ...packet, wLength: 255 });
    if (text.end !== 'ok') return text.end;
    return new TextDecoder('utf-16le').decode(text.bytes.subarray(2));
  }

  /** Asks for the status until it says something final; the poll times and the end. */
  finish(): string[] {
    const said: string[] = [];
    for (;;) {
      const status = this.status();
      said.push(status);
      const [state, , ms] = status.split(' ');
      if (state !== 'dfuDNBUSY') return said;
      this.wire.pass(Number(ms));
    }
  }

  /** A command, carried out. */
  do(command: DfuSeCommand): string[] {
    this.send(command);
    return this.finish();
  }

  read(block: number, length: number): Seen {
    return this.wire.in(UPLOAD, length, block);
  }
}

function bytesOf(seen: Seen): string {
  return seen.end === 'ok' ? toHex(seen.bytes) : seen.end;
}

describe('a DfuSe device', () => {
  test('describes itself: the layout is the name, the version 0x011a', () => {
    const { wire } = new Bench();
    const [bytes = new Uint8Array(0)] = wire.device.descriptors().configurations;
    const { settings } = decodeConfiguration(bytes);
    expect(settings.map(({ extra }) => extra.map((each) => toHex(each.bytes)))).toEqual([
      ['09210fe80340001a01'],
    ]);
  });

  test('lists its commands in block 0, and stays idle', () => {
    const bench = new Bench();
    expect(bytesOf(bench.read(0, 64))).toBe('002141');
    expect(bench.status()).toBe('dfuIDLE OK 0');
    const memory: DfuSeMemory = {
      layout: '@x/0x0/1*1Kg',
      read: () => new Uint8Array(0),
      program: () => ({ status: 'OK', busyMs: 0 }),
      erase: () => ({ status: 'OK', busyMs: 0 }),
      readUnprotect: () => ({ status: 'OK', busyMs: 0 }),
    };
    expect(bytesOf(new Bench({ memories: [memory] }).read(0, 64))).toBe('00214192');
  });

  test('erases, programs and reads by address, busy for as long as the memory takes', () => {
    const bench = new Bench();
    expect(bench.do({ command: 'erase', address: 0x08000405 })).toEqual([
      'dfuDNBUSY OK 30',
      'dfuDNLOAD-IDLE OK 0',
    ]);
    bench.do({ command: 'set-address', address: 0x08000400 });
    bench.wire.out(DNLOAD, 2, new Uint8Array(64).fill(0x11));
    expect(bench.finish()).toEqual(['dfuDNBUSY OK 64', 'dfuDNLOAD-IDLE OK 0']);
    // The number counts in wTransferSize, however short the block.
    bench.wire.out(DNLOAD, 4, fromHex('2233'));
    bench.finish();
    bench.wire.out(ABORT);
    expect(bytesOf(bench.read(2, 64))).toBe('11'.repeat(64));
    expect(bytesOf(bench.read(4, 4))).toBe('2233ffff');
    expect(bench.status()).toBe('dfuUPLOAD-IDLE OK 0');
  });

  test('is busy until its time is over, and answers early polls', () => {
    const bench = new Bench();
    bench.send({ command: 'mass-erase' });
    expect(bench.status()).toBe('dfuDNBUSY OK 70');
    bench.wire.pass(20);
    expect(bench.status()).toBe('dfuDNBUSY OK 50');
    bench.wire.pass(49);
    expect(bench.status()).toBe('dfuDNBUSY OK 1');
    bench.wire.pass(1);
    expect(bench.status()).toBe('dfuDNLOAD-IDLE OK 0');
  });

  test('does nothing before it is asked for the status: ABORT drops the command', () => {
    const bench = new Bench();
    bench.send({ command: 'set-address', address: 0x08000400 });
    bench.wire.out(ABORT);
    expect(bench.mode.addressPointer).toBe(0x08000000);
    expect(bench.status()).toBe('dfuIDLE OK 0');
  });

  test('an upload ends with the memory', () => {
    const bench = new Bench();
    bench.do({ command: 'set-address', address: 0x080013d0 });
    bench.wire.out(ABORT);
    expect(bytesOf(bench.read(2, 64))).toHaveLength(2 * 48);
    expect(bench.status()).toBe('dfuIDLE OK 0');
    bench.do({ command: 'set-address', address: 0x080013c0 });
    bench.wire.out(ABORT);
    expect(bytesOf(bench.read(2, 64))).toHaveLength(2 * 64);
    expect(bytesOf(bench.read(3, 64))).toBe('');
  });
});

describe('what it refuses, and how it says so', () => {
  const refusals = [
    ['set-address', { command: 'set-address', address: 0x07ffffff }, 'errADDRESS', '0x07ffffff'],
    ['erase', { command: 'erase', address: 0x08001400 }, 'errADDRESS', 'no memory at 0x08001400'],
    ['erase', { command: 'erase', address: 0x08001000 }, 'errERASE', '0x08001000 is not erasable'],
  ] as const;
  test.each(refusals)('%s %j: %s', (_, command, status, words) => {
    const bench = new Bench();
    expect(bench.do(command).at(-1)).toBe(`dfuERROR ${status} 0`);
    expect(bench.reason()).toContain(words);
    expect(bench.wire.out(CLRSTATUS).end).toBe('ok');
    expect(bench.status()).toBe('dfuIDLE OK 0');
  });

  test('a block into memory that is read-only from its middle on', () => {
    const bench = new Bench();
    bench.do({ command: 'set-address', address: 0x08000fe0 });
    bench.wire.out(DNLOAD, 2, new Uint8Array(64));
    expect(bench.finish().at(-1)).toBe('dfuERROR errWRITE 0');
    expect(bench.reason()).toContain('0x08001000 is not writable');
  });

  test('to read what may not be read', () => {
    const bench = new Bench();
    bench.do({ command: 'set-address', address: 0x90000000 });
    bench.wire.out(ABORT);
    expect(bench.read(2, 64)).toEqual(STALLED);
    expect(bench.status()).toBe('dfuERROR errVENDOR 0');
    expect(bench.reason()).toContain('0x90000000 is not readable');
  });

  test('to program what is not erased', () => {
    const bench = new Bench();
    bench.wire.out(DNLOAD, 2, fromHex('00'));
    bench.finish();
    bench.wire.out(DNLOAD, 2, fromHex('01'));
    expect(bench.finish().at(-1)).toBe('dfuERROR errVERIFY 0');
    expect(bench.reason()).toBe('0x08000000 was not erased');
  });

  test.each([
    [0, '4100', 'DfuSe command: got 0x41 with 2 bytes in all'],
    [0, '92', 'there is no read unprotect'],
    [1, '00', 'block 1 means nothing'],
  ])('block %i %s', (block, bytes, words) => {
    const bench = new Bench();
    expect(bench.wire.out(DNLOAD, block, fromHex(bytes))).toEqual(STALLED);
    expect(bench.status()).toBe('dfuERROR errSTALLEDPKT 0');
    expect(bench.reason()).toBe(words);
  });

  test('a block beyond wTransferSize, and a block beyond 32 bits of address', () => {
    const bench = new Bench();
    expect(bench.wire.out(DNLOAD, 2, new Uint8Array(65))).toEqual(STALLED);
    expect(bench.reason()).toBe('a block of 65 bytes is unexpected in dfuIDLE');
    const top = new DfuSeRam({ layout: '@x/0xFFFFFC00/1*1Kg' });
    const high = new Bench({ memories: [top] });
    high.wire.out(DNLOAD, 18, new Uint8Array(64));
    expect(high.finish().at(-1)).toBe('dfuERROR errADDRESS 0');
    expect(high.reason()).toContain('beyond 32 bits');
  });

  test('the ROM says errTARGET, and no words', () => {
    const bench = new Bench({ profile: STM32_ROM });
    expect(bench.status()).toBe('dfuERROR errFIRMWARE 0');
    bench.wire.out(CLRSTATUS);
    expect(bench.do({ command: 'erase', address: 0x20000000 })).toEqual([
      'dfuDNBUSY OK 100',
      'dfuERROR errTARGET 0',
    ]);
    expect(bench.reason()).toBe('');
  });
});

describe('the ROM holds who asks too early', () => {
  function rom(): Bench {
    return new Bench({ profile: STM32_ROM, initialStatus: 'OK' });
  }

  test('departure stm32-rom/awake-while-busy: DFU_GETSTATUS at once is answered when the erasure is over, with dfuDNLOAD-IDLE', () => {
    const bench = rom();
    bench.send({ command: 'erase', address: 0x08000000 });
    // The time is for hosts that sleep; what is over is over.
    expect(bench.status()).toBe('dfuDNBUSY OK 100');
    expect(bench.status()).toBe('held');
    const packet = { bmRequestType: 0x80, bRequest: 6, wValue: 0x100, wIndex: 0, wLength: 18 };
    expect(bench.wire.transfer(packet).end).toBe('ok');
    expect(bench.status()).toBe('held');
    bench.wire.pass(29);
    expect(bench.wire.resumed).toBeUndefined();
    bench.wire.pass(1);
    expect(bench.wire.resumed).toEqual({ stage: 'in', data: fromHex('000000000500') });
    bench.wire.device.done();
    expect(bench.mode.state).toBe('dfuDNLOAD-IDLE');
  });

  test('departure stm32-rom/mass-erase-time: it says how long that takes', () => {
    const bench = rom();
    bench.send({ command: 'mass-erase' });
    expect(bench.status()).toBe('dfuDNBUSY OK 70');
  });

  test('a host that sleeps as long as it was told finds the same', () => {
    const bench = rom();
    expect(bench.do({ command: 'erase', address: 0x08000000 })).toEqual([
      'dfuDNBUSY OK 100',
      'dfuDNLOAD-IDLE OK 0',
    ]);
  });

  test('what failed is told to who was held', () => {
    const bench = rom();
    bench.send({ command: 'set-address', address: 0x08000000 });
    bench.finish();
    bench.wire.out(DNLOAD, 2, Uint8Array.of(0));
    bench.finish();
    bench.wire.out(DNLOAD, 2, Uint8Array.of(0xff));
    bench.status();
    bench.status();
    bench.wire.pass(1);
    expect(bench.wire.resumed).toEqual({ stage: 'in', data: fromHex('070000000a00') });
  });

  test('nobody is told of read protection that is off by a device that has gone with it', () => {
    const ram = new DfuSeRam({ layout: LAYOUT });
    const readUnprotect = (): MediumResult => ({ status: 'OK', busyMs: 40 });
    const memory: DfuSeMemory = {
      layout: LAYOUT,
      read: (address, length) => ram.read(address, length),
      program: (address, bytes) => ram.program(address, bytes),
      erase: (address) => ram.erase(address),
      readUnprotect,
    };
    const bench = new Bench({ profile: STM32_ROM, initialStatus: 'OK', memories: [memory] });
    bench.send({ command: 'read-unprotect' });
    bench.status();
    bench.wire.pass(39);
    expect(bench.status()).toBe('held');
    bench.wire.pass(1);
    expect(bench.left).toMatchObject([{ reason: 'unprotected', onBus: false }]);
    expect(bench.wire.resumed).toBeUndefined();
  });

  test('so is any other request, a block with its data too', () => {
    const bench = rom();
    bench.send({ command: 'erase', address: 0x08000000 });
    bench.status();
    expect(bench.wire.out(DNLOAD, 2, Uint8Array.of(1)).end).toBe('held');
    bench.wire.pass(30);
    // Not before the status has been asked for: as in the table.
    expect(bench.wire.resumed).toEqual({ stage: 'stall' });
    expect(bench.status()).toBe('dfuERROR errSTALLEDPKT 0');
  });

  test('a host that gives up while it is held finds the work done later', () => {
    const bench = rom();
    bench.send({ command: 'erase', address: 0x08000000 });
    bench.status();
    bench.status();
    expect(bench.status()).toBe('held');
    bench.wire.pass(30);
    expect(bench.status()).toBe('dfuDNLOAD-IDLE OK 0');
  });

  test('CLRSTATUS outside dfuERROR is acknowledged: errUNKNOWN first, then dfuIDLE', () => {
    const bench = rom();
    expect(bench.wire.out(CLRSTATUS).end).toBe('ok');
    expect(bench.status()).toBe('dfuERROR errUNKNOWN 0');
    expect(bench.wire.out(CLRSTATUS).end).toBe('ok');
    expect(bench.status()).toBe('dfuIDLE OK 0');
    // While it is busy as well, which is what STM32CubeProgrammer does of H7 chips that stay so.
    bench.send({ command: 'erase', address: 0x08000000 });
    bench.status();
    expect(bench.wire.out(CLRSTATUS).end).toBe('held');
    bench.wire.pass(30);
    expect(bench.wire.resumed).toEqual({ stage: 'status' });
    expect(bench.status()).toBe('dfuERROR errUNKNOWN 0');
    expect(new Bench().wire.out(CLRSTATUS)).toEqual(STALLED);
  });
});

describe('leaving', () => {
  test.each([
    ['compatible', DFUSE_COMPATIBLE, true],
    ['compatible', DFUSE_COMPATIBLE, false],
    ['stm32-rom', STM32_ROM, false],
  ])('%s: reports dfuMANIFEST, then leaves the bus', (_, profile, tolerant) => {
    const bmAttributes = { manifestationTolerant: tolerant };
    const functional = { bmAttributes, wTransferSize: 64 };
    const bench = new Bench({ profile, functional, initialStatus: 'OK' });
    bench.do({ command: 'set-address', address: 0x08000800 });
    expect(bench.wire.out(DNLOAD, 2).end).toBe('ok');
    expect(bench.status()).toBe('dfuMANIFEST OK 0');
    expect(bench.left).toEqual([]);
    bench.wire.pass(profile.leaveDelayMs);
    expect(bench.left).toEqual([{ reason: 'manifested', onBus: false, address: 0x08000800 }]);
    expect(bench.wire.log).toEqual(['attach', 'detach']);
  });

  test('works from dfuIDLE, without a download', () => {
    const bench = new Bench();
    expect(bench.wire.out(DNLOAD, 0).end).toBe('ok');
    expect(bench.status()).toBe('dfuMANIFEST OK 0');
  });

  test('without an application it goes back to dfuIDLE', () => {
    const { onLeave: _, ...rest } = { onLeave: undefined };
    const memories = [new DfuSeRam({ layout: LAYOUT })];
    const mode = new DfuSeMode({ memories, ...rest });
    const identity = { idVendor: 1, idProduct: 2 };
    const wire = new Wire(new Device({ identity, configurations: [{ functions: [mode] }] }));
    wire.configure();
    wire.out(DNLOAD, 0);
    wire.in(GETSTATUS, 6);
    wire.pass(1000);
    expect(mode.state).toBe('dfuIDLE');
  });

  test('a memory that refuses keeps the device', () => {
    const reason = 'no vector table at 0x08000000';
    const onManifest = (): { status: 'errFIRMWARE'; busyMs: number; reason: string } => ({
      status: 'errFIRMWARE',
      busyMs: 5,
      reason,
    });
    const bench = new Bench({ memories: [new DfuSeRam({ layout: LAYOUT, onManifest })] });
    bench.wire.out(DNLOAD, 0);
    expect(bench.status()).toBe('dfuMANIFEST OK 5');
    bench.wire.pass(5);
    expect(bench.status()).toBe('dfuERROR errFIRMWARE 0');
    expect(bench.reason()).toBe(reason);
    bench.wire.pass(1000);
    expect(bench.left).toEqual([]);
  });

  test('DETACH leaves too, a bus reset does not', () => {
    const bench = new Bench();
    bench.wire.reset();
    bench.wire.configure();
    bench.wire.pass(1000);
    expect(bench.left).toEqual([]);
    expect(bench.wire.out(DETACH, 1000).end).toBe('ok');
    bench.wire.pass(50);
    expect(bench.left).toMatchObject([{ reason: 'detach' }]);
  });

  test('what is to leave is put off by nothing: no reset, no second DETACH', () => {
    const bench = new Bench();
    bench.wire.out(DETACH, 1000);
    bench.wire.pass(30);
    bench.wire.reset();
    bench.wire.configure();
    bench.wire.out(DETACH, 1000);
    bench.wire.pass(20);
    expect(bench.left).toMatchObject([{ reason: 'detach' }]);
  });

  test('power that comes back starts the loader anew, and leaves for nothing', () => {
    const bench = new Bench();
    bench.wire.out(CLRSTATUS);
    expect(bench.mode.status).toBe('errSTALLEDPKT');
    bench.wire.out(DETACH, 1000);
    bench.mode.powerOn();
    expect([bench.mode.state, bench.mode.status]).toEqual(['dfuIDLE', 'OK']);
    bench.wire.pass(1000);
    expect(bench.left).toEqual([]);
  });

  test('read unprotect restarts the device when it is done', () => {
    const ram = new DfuSeRam({ layout: LAYOUT });
    const memory: DfuSeMemory = {
      layout: LAYOUT,
      read: (address, length) => ram.read(address, length),
      program: (address, bytes) => ram.program(address, bytes),
      erase: (address) => ram.erase(address),
      readUnprotect: () => ({ ...ram.massErase(), busyMs: 40 }),
    };
    const bench = new Bench({ memories: [memory] });
    bench.send({ command: 'read-unprotect' });
    expect(bench.status()).toBe('dfuDNBUSY OK 40');
    bench.wire.pass(39);
    expect(bench.left).toEqual([]);
    bench.wire.pass(1);
    expect(bench.left).toMatchObject([{ reason: 'unprotected', onBus: false }]);
  });
});

describe('several memories', () => {
  test('each alternate setting has its own addresses', () => {
    const memories = [
      new DfuSeRam({ layout: '@Flash/0x08000000/1*1Kg' }),
      new DfuSeRam({ layout: '@Option Bytes/0x1FFFF800/01*016 e' }),
    ];
    const bench = new Bench({ memories });
    // The pointer may go anywhere, to leave for it; access is by the alternate that is selected.
    expect(bench.do({ command: 'set-address', address: 0x1ffff800 }).at(-1)).toContain('OK');
    expect(bench.do({ command: 'erase', address: 0x1ffff800 }).at(-1)).toContain('errADDRESS');
    bench.wire.out(CLRSTATUS);
    expect(bench.read(2, 16)).toEqual(STALLED);
    bench.wire.out(CLRSTATUS);
    bench.wire.standardOut(11, 1, 0, 1);
    expect(bench.do({ command: 'set-address', address: 0x1ffff800 }).at(-1)).toContain('OK');
    expect(bench.do({ command: 'erase', address: 0x1ffff800 }).at(-1)).toContain('errERASE');
    bench.wire.out(CLRSTATUS);
    expect(bytesOf(bench.read(2, 64))).toBe('ff'.repeat(16));
  });

  test('the ROM goes by the address alone', () => {
    const flash = new DfuSeRam({ layout: '@Flash/0x08000000/1*1Kg' });
    const bytes = new DfuSeRam({ layout: '@Option Bytes/0x1FFFF800/01*016 g' });
    const bench = new Bench({
      memories: [flash, bytes],
      profile: STM32_ROM,
      initialStatus: 'OK',
    });
    bytes.program(0x1ffff800, Uint8Array.of(0xaa, 0x55));
    // Betaflight reads the option bytes so, with alternate 0 selected, before it flashes.
    bench.do({ command: 'set-address', address: 0x1ffff800 });
    bench.wire.out(ABORT);
    expect(bytesOf(bench.read(2, 16))).toBe(`aa55${'ff'.repeat(14)}`);
    bench.wire.out(ABORT);
    bench.wire.out(DNLOAD, 2, Uint8Array.of(0x0a));
    expect(bench.finish().at(-1)).toBe('dfuDNLOAD-IDLE OK 0');
    expect(toHex(bytes.read(0x1ffff800, 2))).toBe('0a55');
    expect(bench.do({ command: 'erase', address: 0x1ffff800 }).at(-1)).toBe('dfuDNLOAD-IDLE OK 0');
    expect(toHex(bytes.read(0x1ffff800, 2))).toBe('ffff');
    // What is in no memory is refused all the same.
    expect(bench.do({ command: 'set-address', address: 0x20000000 }).at(-1)).toContain('errTARGET');
  });

  test('the ROM reads on to the end of the memory that the pointer is in, and no further', () => {
    const bytes = new DfuSeRam({ layout: '@Option Bytes/0x1FFFF800/01*064 g' });
    const memories = [new DfuSeRam({ layout: '@Flash/0x08000000/1*1Kg' }), bytes];
    const bench = new Bench({ memories, profile: STM32_ROM, initialStatus: 'OK' });
    bench.do({ command: 'set-address', address: 0x1ffff800 });
    bench.wire.out(ABORT);
    expect(bytesOf(bench.read(2, 64))).toBe('ff'.repeat(64));
    expect(bytesOf(bench.read(3, 64))).toBe('');
  });

  test('a job under way goes on, whatever alternate setting is selected meanwhile', () => {
    const memories = [
      new DfuSeRam({ layout: '@Flash/0x08000000/1*1Kg', eraseMs: 30 }),
      new DfuSeRam({ layout: '@More/0x09000000/1*1Kg' }),
    ];
    const bench = new Bench({ memories });
    bench.send({ command: 'erase', address: 0x08000000 });
    expect(bench.status()).toBe('dfuDNBUSY OK 30');
    bench.wire.standardOut(11, 1, 0, 1);
    expect(bench.mode.state).toBe('dfuDNBUSY');
    bench.wire.pass(30);
    expect(bench.status()).toBe('dfuDNLOAD-IDLE OK 0');
    bench.wire.standardOut(11, 1, 0, 1);
    expect(bench.mode.state).toBe('dfuIDLE');
  });

  test('another alternate setting drops a command that nobody has asked about yet', () => {
    const bench = new Bench();
    bench.send({ command: 'mass-erase' });
    bench.wire.standardOut(11, 0, 0, 1);
    expect(bench.mode.state).toBe('dfuDNLOAD-SYNC');
    bench.wire.configure();
    expect(bench.status()).toBe('dfuIDLE OK 0');
  });

  test('a layout that makes no sense is refused when the device is made', () => {
    const memory = (layout: string): DfuSeMemory => ({
      layout,
      read: () => new Uint8Array(0),
      program: () => ({ status: 'OK', busyMs: 0 }),
      erase: () => ({ status: 'OK', busyMs: 0 }),
    });
    expect(() => new DfuSeMode({ memories: [] })).toThrow('memories: expected 1 to 256, got 0');
    expect(() => new DfuSeMode({ memories: [memory('Flash')] })).toThrow('memory layout');
    expect(() => new DfuSeRam({ layout: '@x/0x0/999999*1Mg' })).toThrow('beyond 32 bits');
    expect(() => new DfuSeRam({ layout: '@x/0x0/65*1Mg' })).toThrow('expected at most 67108864');
  });
});
