import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryFlash } from '../../flash/index.ts';
import { VirtualClock } from '../../usb/index.ts';
import type { ChipModel } from '../../chip/index.ts';
import { GdbStub } from './gdb-stub.ts';
import type { GdbBoard } from './gdb-board.ts';
import type { GdbSession } from './gdb-session.ts';
import { MOST_PACKET_BYTES, PacketReader, hexWord, packetOf } from './remote-packets.ts';
import type { DebugAnswer, DebugRequest, DebugStop, DebugTarget } from './target.ts';

const RAM = 0x2000_0000;
const FLASH = 0x1000_0000;

const geometry = {
  sectors: [
    { count: 4, sizeBytes: 0x100 },
    { count: 1, sizeBytes: 0x400 },
  ],
  writeUnitBytes: 4,
  erasedValue: 0xff,
} as const;

/** A chip of which nothing executes: what it is told to do is written down. */
class FakeChip implements DebugTarget {
  readonly chip = { name: 'RP2040' } as ChipModel;
  readonly ram = new Uint8Array(0x100);
  readonly registers: number[] = Array.from({ length: 21 }, (_, n) => 0x100 + n);
  readonly done: string[] = [];
  breakpoints: readonly number[] = [];
  watch = false;
  silent = false;
  readonly flash: MemoryFlash;
  readonly #stopped: (stop: DebugStop) => void;

  constructor(flash: MemoryFlash, stopped: (stop: DebugStop) => void) {
    this.flash = flash;
    this.#stopped = stopped;
  }

  ask(request: DebugRequest): Promise<DebugAnswer | undefined> {
    return this.silent ? new Promise(() => {}) : Promise.resolve(this.#answer(request));
  }

  halt(): void {
    this.done.push('halt');
    if (!this.silent) this.#stopped({ reason: 'halt' });
  }

  resume(how: 'run' | 'step'): void {
    this.done.push(how);
    if (how === 'step') this.#stopped({ reason: 'step' });
  }

  eraseFlash(offsetBytes: number, lengthBytes: number): Promise<void> {
    this.flash.erase(offsetBytes, lengthBytes);
    return Promise.resolve();
  }

  programFlash(offsetBytes: number, bytes: Uint8Array): Promise<void> {
    this.flash.program(offsetBytes, bytes);
    return Promise.resolve();
  }

  #answer(request: DebugRequest): DebugAnswer {
    if (request.type === 'registers') return { type: 'registers', values: [...this.registers] };
    if (request.type === 'set-register') this.registers[request.register] = request.value;
    if (request.type === 'breakpoints') this.breakpoints = request.addresses;
    if (request.type === 'watch') this.watch = request.on;
    if (request.type === 'read') {
      const at = request.address - RAM;
      if (at < 0 || at + request.lengthBytes > this.ram.length) return { type: 'refused' };
      return { type: 'bytes', bytes: this.ram.slice(at, at + request.lengthBytes) };
    }
    if (request.type === 'write') {
      const at = request.address - RAM;
      if (at < 0 || at + request.bytes.length > this.ram.length) return { type: 'refused' };
      this.ram.set(request.bytes, at);
    }
    return { type: 'done' };
  }
}

let clock: VirtualClock;
let stub: GdbStub;
let flash: MemoryFlash;
let chip: FakeChip | undefined;
let session: GdbSession;
let replies: string[];
let failed: string[];
let board: GdbBoard;

/** A chip begins, as a runner says it. */
function start(): FakeChip {
  const made = new FakeChip(flash, (stop) => stub.machineDebugger.stopped(stop));
  chip = made;
  const { halted, breakpoints, watch } = stub.machineDebugger.attached(made);
  made.breakpoints = breakpoints;
  made.watch = watch;
  if (halted) stub.machineDebugger.stopped({ reason: 'start' });
  return made;
}

function end(): void {
  chip = undefined;
  stub.machineDebugger.gone();
}

/** All that is under way in this turn. */
async function settle(turns = 50): Promise<void> {
  for (let n = 0; n < turns; n += 1) await Promise.resolve();
}

/** Sends packets; answers what came since, without acknowledgements. */
async function ask(...payloads: string[]): Promise<string[]> {
  replies = [];
  for (const payload of payloads) session.input(packetOf(payload));
  await settle();
  return replies;
}

function connect(): void {
  const reader = new PacketReader();
  const line = {
    send: (bytes: Uint8Array): void => {
      for (const input of reader.read(bytes)) {
        if (input.type === 'packet') replies.push(input.payload);
        if (input.type === 'resend') replies.push('-');
      }
    },
    fail: (words: string): void => void failed.push(words),
  };
  const made = stub.connect(board, line);
  if (made === undefined) throw new Error('turned away');
  session = made;
}

beforeEach(() => {
  clock = new VirtualClock();
  stub = new GdbStub({ clock });
  flash = new MemoryFlash(geometry);
  chip = undefined;
  replies = [];
  failed = [];
  board = {
    isOn: true,
    chip: 'RP2040',
    flashAddress: FLASH,
    geometry,
    flashBytes: 0x800,
    reset: () => {
      end();
      // A thread takes a while.
      void settle(20).then(start);
    },
    flash: {
      eraseFlash: (offset, length) => flash.erase(offset, length),
      programFlash: (offset, bytes) => flash.program(offset, bytes),
    },
  };
});

describe('a debugger at a chip that runs', () => {
  beforeEach(() => {
    start();
    connect();
  });

  test('halts it, is told of it, and reads and writes registers', async () => {
    expect(await ask('?')).toEqual(['T02thread:1;']);
    const [all] = await ask('g');
    expect(all).toBe(Array.from({ length: 21 }, (_, n) => hexWord(0x100 + n)).join(''));
    expect(await ask('p10', 'Pf=78563412', 'pf')).toEqual([hexWord(0x110), 'OK', '78563412']);
    expect(await ask(`G${'xxxxxxxx'.repeat(20)}01000000`, 'p14')).toEqual(['OK', '01000000']);
    expect(await ask('p15', 'P15=00000000', 'Pf=12', 'G00')).toEqual(['E01', 'E01', 'E01', 'E01']);
  });

  test('sp that is written with all the others is not undone by an msp that stays', async () => {
    await ask('?');
    const words = Array.from({ length: 21 }, (_, n) => hexWord(0x100 + n));
    words[13] = hexWord(0x2000_0080);
    await ask(`G${words.join('')}`);
    expect(chip?.registers[13]).toBe(0x2000_0080);
    expect(chip?.registers[17]).toBe(0x111);
  });

  test('reads and writes memory; what is only partly there is read as far as it is', async () => {
    await ask('?');
    expect(await ask('M20000000,4:01020304', 'm20000000,6')).toEqual(['OK', '010203040000']);
    expect(await ask('X20000004,4:}\u0003#*', 'X20000004,0:', 'm20000004,4')).toEqual([
      'OK',
      'OK',
      '7d03232a',
    ]);
    expect((await ask('m200000c0,80'))[0]?.length).toBe(0x40 * 2);
    const wrong = ['m30000000,4', 'mfffffff0,20', 'm,', 'M20000000,2:01', 'Mx', 'X20000000,9:a'];
    expect(await ask(...wrong)).toEqual(wrong.map(() => 'E01'));
  });

  test('breakpoints of both kinds; watchpoints are not understood', async () => {
    await ask('?');
    expect(await ask('Z0,10000200,2', 'Z1,20000011,2', 'Z2,20000000,4')).toEqual(['OK', 'OK', '']);
    expect(chip?.breakpoints).toEqual([0x1000_0200, 0x2000_0010]);
    expect(await ask('z1,20000011,2')).toEqual(['OK']);
    expect(chip?.breakpoints).toEqual([0x1000_0200]);
    expect(chip?.watch).toBe(true);
  });

  test('goes on, stops at a breakpoint, steps, and is stopped by Ctrl-C', async () => {
    await ask('?');
    expect(await ask('vCont;c')).toEqual([]);
    expect(chip?.done.at(-1)).toBe('run');
    stub.machineDebugger.stopped({ reason: 'breakpoint' });
    expect(replies).toEqual(['T05thread:1;']);
    expect(await ask('s')).toEqual(['T05thread:1;']);
    expect(await ask('c')).toEqual([]);
    session.input(Uint8Array.of(3));
    await settle();
    expect(replies).toEqual(['T02thread:1;']);
    // Nothing waits for a stop: a second one says nothing.
    session.input(Uint8Array.of(3));
    await settle();
    expect(replies).toEqual(['T02thread:1;']);
  });

  test('a BKPT of the program is gone over, one that gdb put there is not', async () => {
    await ask('?');
    const made = chip as FakeChip;
    made.registers[15] = RAM + 8;
    made.ram.set([0x00, 0xbe], 8);
    await ask('c');
    stub.machineDebugger.stopped({ reason: 'breakpoint' });
    expect(await ask('s')).toEqual(['T05thread:1;']);
    expect(made.registers[15]).toBe(RAM + 10);
    made.registers[15] = RAM + 8;
    await ask('Z0,20000008,2', 'c');
    stub.machineDebugger.stopped({ reason: 'breakpoint' });
    await ask('c');
    expect(made.registers[15]).toBe(RAM + 8);
  });

  test('a fault is told in words, and as a signal', async () => {
    await ask('?', 'c');
    replies = [];
    stub.machineDebugger.stopped({ reason: 'fault', words: 'locked up' });
    expect(replies).toEqual([`O${Buffer.from('locked up\n').toString('hex')}`, 'T0bthread:1;']);
  });

  test('a reset while it runs goes on with the same breakpoints', async () => {
    await ask('?', 'Z1,10000200,2', 'c');
    end();
    const next = start();
    expect(next.breakpoints).toEqual([0x1000_0200]);
    expect(next.done).toEqual([]);
    expect(replies).toEqual(['T02thread:1;', 'OK']);
    stub.machineDebugger.stopped({ reason: 'breakpoint' });
    expect(replies.at(-1)).toBe('T05thread:1;');
  });

  test('a reset while it stands: the next chip stands, too', async () => {
    await ask('?');
    end();
    expect(await ask('g')).toEqual(['0'.repeat(21 * 8)]);
    start();
    expect((await ask('pf'))[0]).toBe(hexWord(0x10f));
  });

  test('the power goes: a signal of its own, and errors instead of waiting', async () => {
    await ask('?', 'c');
    replies = [];
    end();
    stub.told({ type: 'power', on: false, operations: 0 });
    expect(replies.at(-1)).toBe('T20thread:1;');
    expect(await ask('m20000000,4', 'Pf=00000000')).toEqual(['E01', 'E01']);
    expect(await ask('c')).toEqual([]);
    session.input(Uint8Array.of(3));
    await settle();
    expect(replies).toEqual(['T02thread:1;']);
    expect(await ask('s')).toEqual([]);
    start();
    expect(replies).toEqual(['T05thread:1;']);
  });

  test('monitor: reset, halt, help and words that are none', async () => {
    await ask('?');
    const hex = (text: string): string => Buffer.from(text).toString('hex');
    const text = (packet = ''): string => Buffer.from(packet.slice(1), 'hex').toString();
    const before = chip;
    expect(await ask(`qRcmd,${hex('reset halt')}`)).toEqual(['OK']);
    expect(chip).not.toBe(before);
    expect(await ask('?')).toEqual(['T05thread:1;']);
    const [help, done] = await ask(`qRcmd,${hex('help')}`);
    expect(text(help)).toContain('reset [halt]');
    expect(done).toBe('OK');
    const [wrong] = await ask(`qRcmd,${hex('flash erase')}`);
    expect(text(wrong)).toContain('no command "flash erase"; there is:');
    expect(await ask(`qRcmd,${hex('reset run')}`)).toEqual(['OK']);
    expect(chip?.done).toEqual([]);
  });

  test('a reset behind which no machine code runs is said, and waited for', async () => {
    await ask('?');
    board = { ...board, reset: () => {} };
    session.end();
    connect();
    const reset = ask(`qRcmd,${Buffer.from('reset').toString('hex')}`);
    end();
    stub.told({ type: 'boot', cause: 'reset-pin', mode: 'dfu', why: 'magic number' });
    await reset;
    clock.advance(1);
    await settle();
    const [said, done] = replies;
    expect(Buffer.from((said ?? '').slice(1), 'hex').toString()).toContain('no machine code runs');
    expect(done).toBe('OK');
  });

  test('one debugger at a time; when it goes the chip runs on without its breakpoints', async () => {
    await ask('?', 'Z0,10000200,2');
    expect(stub.connect(board, { send: () => {}, fail: () => {} })).toBeUndefined();
    session.end();
    expect(chip?.breakpoints).toEqual([]);
    expect(chip?.watch).toBe(false);
    expect(chip?.done.at(-1)).toBe('run');
    connect();
    expect(await ask('?')).toEqual(['T02thread:1;']);
    expect(await ask('D')).toEqual(['OK']);
    expect(chip?.done.at(-1)).toBe('run');
    expect(await ask('c')).toEqual(['E01']);
    expect(await ask('vAttach;1')).toEqual(['T02thread:1;']);
  });

  test('one that goes before the chip has stopped leaves none behind that stands', async () => {
    const made = chip as FakeChip;
    await ask('?', 'c');
    session.end();
    made.done.length = 0;
    stub.machineDebugger.stopped({ reason: 'halt' });
    expect(made.done).toEqual(['run']);
  });

  test('a chip that does not answer is an error within its time', async () => {
    await ask('?');
    (chip as FakeChip).silent = true;
    expect(await ask('g')).toEqual([]);
    clock.advance(5000);
    await settle();
    expect(replies).toEqual(['0'.repeat(21 * 8)]);
  });
});

describe('load', () => {
  test.each(['with a chip', 'with none'])('programs flash %s', async (which) => {
    if (which === 'with a chip') start();
    connect();
    await ask('?');
    flash.program(0, new Uint8Array(0x100));
    const sent = [
      'vFlashErase:10000000,200',
      'vFlashWrite:10000002:abc',
      'vFlashWrite:10000005:de',
    ];
    await ask(...sent, 'vFlashWrite:10000100:f', 'vFlashDone');
    await settle();
    expect(replies).toEqual(Array.from({ length: 5 }, () => 'OK'));
    // It sets the pc next.
    expect(await ask('Pf=00010010')).toEqual(['OK']);
    expect([...flash.read(0, 8)]).toEqual([0xff, 0xff, 97, 98, 99, 100, 101, 0xff]);
    expect([...flash.read(0x100, 2)]).toEqual([102, 0xff]);
  });

  test('what is not flash, and what is no whole sector, is an error', async () => {
    start();
    connect();
    await ask('?');
    const wrong = [
      'vFlashErase:10000000,10',
      'vFlashErase:20000000,100',
      'vFlashWrite:20000000:abc',
      'vFlashWrite:100007fe:abc',
      'vFlashErase:',
      'vFlashWrite:',
    ];
    expect(await ask(...wrong)).toEqual(wrong.map(() => 'E01'));
  });
});

describe('what gdb asks first', () => {
  beforeEach(() => {
    start();
    connect();
  });

  test('features, and the descriptions in parts', async () => {
    const [features] = await ask('qSupported:multiprocess+;xmlRegisters=i386');
    expect(features).toContain('qXfer:memory-map:read+');
    const [first] = await ask('qXfer:features:read:target.xml:0,20');
    expect(first).toMatch(/^m<\?xml version/);
    const [whole = ''] = await ask('qXfer:features:read:target.xml:0,1fff');
    expect(whole).toContain('<feature name="org.gnu.gdb.arm.m-profile"><reg name="r0"');
    expect(whole).toContain(
      '<reg name="control" bitsize="32" regnum="20" type="uint32"/></feature>',
    );
    const [map = ''] = await ask('qXfer:memory-map:read::0,1fff');
    expect(map).toContain(
      '<memory type="flash" start="0x10000000" length="0x400"><property name="blocksize">0x100</property></memory>',
    );
    expect(map).toContain('<memory type="ram" start="0x10000800" length="0xeffff800"/>');
    expect(await ask('qXfer:features:read:other.xml:0,20')).toEqual(['']);
  });

  test('threads: one', async () => {
    const asked = ['qC', 'qfThreadInfo', 'qsThreadInfo', 'Hg0', 'T1', 'qAttached', 'vCont?'];
    expect(await ask(...asked)).toEqual(['QC1', 'm1', 'l', 'OK', 'OK', '1', 'vCont;c;C;s;S']);
  });

  test('what is not known gets an empty answer', async () => {
    const asked = [
      'vMustReplyEmpty',
      'qSymbol::',
      'QNonStop:1',
      'bs',
      '',
      '\u0000',
      'vFile:open:61',
    ];
    expect(await ask(...asked)).toEqual(asked.map(() => ''));
  });

  test('acknowledgements end where it is agreed', async () => {
    let signs = 0;
    session.end();
    const send = (bytes: Uint8Array): void => {
      if (bytes.length === 1) signs += 1;
    };
    session = stub.connect(board, { send, fail: () => {} }) as GdbSession;
    await ask('?', 'QStartNoAckMode');
    await ask('?', '?');
    expect(signs).toBe(2);
  });
});

describe('hostile ones', () => {
  beforeEach(() => {
    start();
    connect();
  });
  const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));

  test.each([
    ['a packet without an end', 'a'.repeat(MOST_PACKET_BYTES + 1).replace(/^/, '$'), 'longer'],
    ['packets without waiting', '$?#3f'.repeat(100), 'without waiting'],
    ['Ctrl-C for ever', '\u0003'.repeat(1000), 'without waiting'],
  ])('%s: hung up', (_, text, words) => {
    session.input(bytes(text));
    expect(failed.join()).toContain(words);
    expect(chip?.done.at(-1)).toBe('run');
  });

  test('asking again for ever: hung up', async () => {
    await ask('?');
    session.input(bytes('-'.repeat(100)));
    expect(failed.join()).toContain('asked for');
  });

  test('a damaged packet is asked for again', async () => {
    replies = [];
    session.input(bytes('$?#00'));
    session.input(bytes('$?#3f'));
    await settle();
    expect(replies).toEqual(['-', 'T02thread:1;']);
  });
});

test('it can begin halted, and waits for a debugger to let it run', async () => {
  stub = new GdbStub({ clock, holds: true });
  start();
  connect();
  expect(await ask('?')).toEqual(['T05thread:1;']);
  await ask('c');
  expect(chip?.done).toEqual(['run']);
});
