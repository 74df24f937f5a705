import { describe, expect, test } from 'vitest';
import { STALLED, ScriptedMedium, dfuBench } from '../../../test/conformance/device-bench.ts';
import type { DfuBench, DfuBenchOptions, Wire } from '../../../test/conformance/device-bench.ts';
import { COMPATIBLE, STRICT } from '../index.ts';
import type { MediumResult } from '../index.ts';

const DETACH = 0;
const DNLOAD = 1;
const UPLOAD = 2;
const GETSTATUS = 3;
const ABORT = 6;
/** GET_DESCRIPTOR as Linux asks first after a reset. */
const READ_DEVICE_DESCRIPTOR = {
  bmRequestType: 0x80,
  bRequest: 6,
  wValue: 0x0100,
  wIndex: 0,
  wLength: 64,
};

function bench(options: Partial<DfuBenchOptions> = {}): DfuBench {
  return dfuBench({ profile: COMPATIBLE, ...options });
}

function intolerant(options: Partial<DfuBenchOptions> = {}): DfuBench {
  const functional = { bmAttributes: { manifestationTolerant: false } };
  return bench({ functional, ...options });
}

/** bStatus, bwPollTimeout, bState. */
function status(wire: Wire): number[] {
  const seen = wire.in(GETSTATUS, 6);
  if (seen.end !== 'ok') return [];
  const [bStatus = 0, low = 0, middle = 0, high = 0, bState = 0] = seen.bytes;
  return [bStatus, low + middle * 256 + high * 65536, bState];
}

/** One block, and the empty one behind it. */
function download(wire: Wire): void {
  wire.out(DNLOAD, 0, new Uint8Array(16));
  wire.in(GETSTATUS, 6);
  wire.out(DNLOAD, 1);
}

describe('the end of a download', () => {
  test('tolerant, and at once: dfuIDLE, nothing to wait for', () => {
    const { wire, medium } = bench();
    download(wire);
    expect(medium.calls).not.toContain('finish 16');
    expect(status(wire)).toEqual([0, 0, 2]);
    expect(medium.calls).toContain('finish 16');
  });

  test('tolerant, with work to do: 7 for as long as it takes, then 2', () => {
    const { wire } = bench({ busyMs: 40 });
    wire.out(DNLOAD, 0, new Uint8Array(16));
    wire.pass(40);
    wire.in(GETSTATUS, 6);
    wire.out(DNLOAD, 1);
    expect(status(wire)).toEqual([0, 40, 7]);
    wire.pass(39);
    expect(status(wire)).toEqual([0, 1, 7]);
    wire.pass(1);
    expect(status(wire)).toEqual([0, 0, 2]);
  });

  test('not tolerant, as dfu-util goes about it: 7, a second later 8, reset, the same device, gone', () => {
    const { wire, left } = intolerant();
    download(wire);
    expect(status(wire)).toEqual([0, 0, 7]);
    wire.pass(1000);
    expect(status(wire)).toEqual([0, 0, 8]);
    wire.reset();
    wire.reset();
    // A loaded host takes its time to enumerate again.
    wire.pass(900);
    wire.configure();
    wire.pass(199);
    expect(left).toEqual([]);
    expect(wire.log).toEqual(['attach']);
    wire.pass(1);
    expect(left).toEqual([{ reason: 'reset', onBus: false }]);
    expect(wire.log).toEqual(['attach', 'detach']);
  });

  test('whoever reads the device descriptor may be in the middle of a reset: it waits a second more', () => {
    const { wire, left } = intolerant();
    download(wire);
    status(wire);
    wire.reset();
    wire.configure();
    wire.pass(199);
    expect(wire.transfer(READ_DEVICE_DESCRIPTOR).end).toBe('ok');
    wire.pass(230);
    wire.reset();
    wire.pass(900);
    wire.configure();
    wire.pass(199);
    expect(left).toEqual([]);
    wire.pass(1);
    expect(left).toEqual([{ reason: 'reset', onBus: false }]);
  });

  test('not tolerant, and nobody resets: it leaves three seconds after the last question', () => {
    const { wire, left } = intolerant();
    download(wire);
    status(wire);
    wire.pass(2000);
    status(wire);
    wire.pass(2999);
    expect(left).toEqual([]);
    wire.pass(1);
    expect(left).toEqual([{ reason: 'timeout', onBus: false }]);
  });

  test('the waiting for the reset can be set', () => {
    const { wire, left } = intolerant({ waitResetMs: 500 });
    download(wire);
    status(wire);
    wire.pass(500);
    expect(left).toEqual([{ reason: 'timeout', onBus: false }]);
  });

  test('without a delay it becomes another device inside the reset', () => {
    const { wire, left } = intolerant({ leaveDelayMs: 0 });
    download(wire);
    status(wire);
    wire.reset();
    expect(left).toEqual([{ reason: 'reset', onBus: true }]);
    expect(wire.log).toEqual(['attach']);
  });

  test('resets put the leaving off, but not for ever', () => {
    const { wire, left } = intolerant();
    download(wire);
    status(wire);
    wire.reset();
    // As long as Linux waits for SET_CONFIGURATION, and twice as long for a host that never gets there.
    for (let at = 0; at < 3; at += 1) {
      wire.pass(3000);
      wire.reset();
    }
    expect(left).toEqual([]);
    wire.pass(1200);
    expect(left).toEqual([{ reason: 'reset', onBus: false }]);
  });

  test('DFU_DETACH leaves where the host cannot reset', () => {
    const { wire, left } = intolerant();
    download(wire);
    status(wire);
    status(wire);
    expect(wire.out(DETACH, 1000).end).toBe('ok');
    wire.pass(200);
    expect(left).toEqual([{ reason: 'detach', onBus: false }]);
  });

  test('with nothing to leave for, it is in dfuIDLE again and takes the next download', () => {
    const functional = { bmAttributes: { manifestationTolerant: false } };
    const { wire, mode, medium } = bench({ functional, onLeave: undefined as never });
    download(wire);
    status(wire);
    wire.reset();
    wire.configure();
    wire.pass(200);
    expect([mode.state, wire.log]).toEqual(['dfuIDLE', ['attach']]);
    wire.configure();
    download(wire);
    expect(status(wire)).toEqual([0, 0, 7]);
    expect(medium.calls.filter((call) => call === 'finish 16')).toHaveLength(2);
  });

  test('with nothing to leave for, DFU_DETACH cuts no download off that follows it', () => {
    const { wire, mode } = bench({ onLeave: undefined as never });
    expect(wire.out(DETACH, 1000).end).toBe('ok');
    wire.out(DNLOAD, 0, new Uint8Array(16));
    expect(status(wire)).toEqual([0, 0, 5]);
    wire.pass(500);
    expect([mode.state, wire.log]).toEqual(['dfuDNLOAD-IDLE', ['attach']]);
  });

  test('the owner is told of what was manifested, once it is', () => {
    const done: string[] = [];
    const { wire, medium } = bench({ onManifested: ({ name }) => done.push(name) });
    medium.finishMs = 30;
    download(wire);
    status(wire);
    wire.pass(29);
    expect(done).toEqual([]);
    wire.pass(1);
    expect(done).toEqual(['scripted']);
  });

  test('a manifestation that fails is told', () => {
    const { wire, medium, mode } = bench();
    wire.out(DNLOAD, 0, new Uint8Array(16));
    wire.in(GETSTATUS, 6);
    medium.next = { status: 'errVERIFY', busyMs: 20, reason: 'the hash differs' };
    wire.out(DNLOAD, 1);
    expect(status(wire)).toEqual([0, 20, 7]);
    wire.pass(20);
    expect(status(wire)).toEqual([7, 0, 10]);
    expect(mode.reason).toBe('the hash differs');
    wire.reset();
    expect(mode.state).toBe('dfuERROR');
  });

  test('not tolerant, a manifestation that fails never waits for a reset', () => {
    const { wire, medium, mode } = intolerant();
    wire.out(DNLOAD, 0, new Uint8Array(16));
    wire.in(GETSTATUS, 6);
    medium.next = { status: 'errVERIFY', busyMs: 20 };
    wire.out(DNLOAD, 1);
    status(wire);
    wire.pass(20);
    expect([mode.state, mode.status]).toEqual(['dfuERROR', 'errVERIFY']);
    expect(mode.reason).toBe('memory does not hold what was programmed');
  });
});

describe('resets', () => {
  test('while the host enumerates, as Linux does, change nothing', () => {
    const { wire, mode, left } = bench({ configured: false });
    for (let at = 0; at < 4; at += 1) wire.reset();
    wire.configure();
    expect([mode.state, left]).toEqual(['dfuIDLE', []]);
  });

  test('after a complete download lead to the application', () => {
    const { wire, left } = bench();
    download(wire);
    status(wire);
    wire.reset();
    wire.configure();
    wire.pass(200);
    expect(left).toEqual([{ reason: 'reset', onBus: false }]);
  });

  test.each([
    ['always', [], [{ reason: 'reset', onBus: false }]],
    ['never', [0], []],
    ['completed', [], []],
  ] as const)('leaveOnReset %s', (leaveOnReset, blocks, expected) => {
    const { wire, left } = bench({ leaveOnReset });
    if (blocks.length > 0) {
      download(wire);
      status(wire);
    }
    wire.reset();
    wire.pass(4999);
    expect(left).toEqual([]);
    wire.pass(1);
    expect(left).toEqual(expected);
  });

  test('leaveOnReset always, in the middle of a download: what was written is discarded', () => {
    const { wire, left, medium } = bench({ leaveOnReset: 'always' });
    wire.out(DNLOAD, 0, new Uint8Array(16));
    wire.reset();
    wire.configure();
    wire.pass(200);
    expect(left).toHaveLength(1);
    expect(medium.calls).toEqual(['begin', 'write 0 16', 'abort']);
  });

  test('power that comes back starts the application, if it can run', () => {
    const good = bench({ profile: STRICT });
    good.mode.powerOn();
    expect(good.left).toEqual([{ reason: 'power-on', onBus: false }]);
    const bad = bench({ profile: STRICT, firmwareGood: () => false });
    bad.mode.powerOn();
    expect([bad.mode.state, bad.mode.status, bad.left]).toEqual(['dfuERROR', 'errFIRMWARE', []]);
  });
});

describe('a medium', () => {
  test('that is read-only: errWRITE, and it is not asked', () => {
    const { wire, medium, mode } = bench();
    medium.writable = false;
    wire.out(DNLOAD, 0, new Uint8Array(16));
    expect(status(wire)).toEqual([3, 0, 10]);
    expect([mode.reason, medium.calls]).toEqual(['"scripted" is read-only', []]);
  });

  test('that cannot be read: errVENDOR', () => {
    const { wire, medium } = bench();
    medium.readable = false;
    expect(wire.in(UPLOAD, 16)).toEqual(STALLED);
    expect(status(wire)).toEqual([11, 0, 10]);
  });

  test('whose reading fails says why', () => {
    const { wire, medium, mode } = bench();
    medium.next = { status: 'errCHECK_ERASED', busyMs: 0, reason: 'uncorrectable' };
    expect(wire.in(UPLOAD, 16)).toEqual(STALLED);
    expect([mode.status, mode.reason]).toEqual(['errCHECK_ERASED', 'uncorrectable']);
  });

  test('that is too small: errADDRESS, and not a byte beyond its end', () => {
    const { wire, medium, mode } = bench({ functional: { wTransferSize: 65535 } });
    for (let block = 0; block < 16; block += 1) {
      wire.out(DNLOAD, block, new Uint8Array(65535));
      wire.in(GETSTATUS, 6);
    }
    wire.out(DNLOAD, 16, new Uint8Array(17));
    expect(status(wire)).toEqual([8, 0, 10]);
    expect(mode.reason).toBe('"scripted" holds 1048576 bytes, the download is longer');
    expect(medium.calls.at(-1)).toBe('abort');
    expect(medium.calls).toHaveLength(18);
  });

  test('that does not know yet is asked until it does', () => {
    const { wire, medium } = bench();
    let answers = 3;
    const later = (): MediumResult | undefined => {
      answers -= 1;
      return answers > 0 ? undefined : { status: 'errVERIFY', busyMs: 0, reason: 'signature' };
    };
    medium.next = { status: 'OK', busyMs: 100, later };
    wire.out(DNLOAD, 0, new Uint8Array(16));
    expect(status(wire)).toEqual([0, 100, 4]);
    wire.pass(100);
    expect(status(wire)).toEqual([0, 100, 4]);
    wire.pass(200);
    expect(status(wire)).toEqual([7, 0, 10]);
  });

  test('strict: whoever waits as told is never refused, also while it goes on', () => {
    const { wire, medium } = bench({ profile: STRICT });
    let answers = 2;
    const later = (): MediumResult | undefined =>
      (answers -= 1) > 0 ? undefined : { status: 'OK', busyMs: 0 };
    medium.next = { status: 'OK', busyMs: 100, later };
    wire.out(DNLOAD, 0, new Uint8Array(16));
    for (const expected of [
      [0, 100, 4],
      [0, 100, 4],
      [0, 0, 5],
    ]) {
      expect(status(wire)).toEqual(expected);
      wire.pass(100);
    }
  });

  test('of more than 24 bits of milliseconds is waited for in pieces', () => {
    const { wire } = bench({ busyMs: 0x2000000 });
    wire.out(DNLOAD, 0, new Uint8Array(16));
    expect(status(wire)).toEqual([0, 0xffffff, 4]);
    wire.pass(0xffffff);
    expect(status(wire)).toEqual([0, 0xffffff, 4]);
    wire.pass(0xffffff);
    expect(status(wire)).toEqual([0, 2, 4]);
  });
});

describe('several downloads', () => {
  test('each begins at the start of the medium', () => {
    const { wire, medium } = bench();
    download(wire);
    status(wire);
    download(wire);
    status(wire);
    const once = ['begin', 'write 0 16', 'finish 16'];
    expect(medium.calls).toEqual([...once, ...once]);
  });

  test('one that failed is followed by one that does not', () => {
    const { wire, medium } = bench();
    medium.next = { status: 'errFILE', busyMs: 0 };
    wire.out(DNLOAD, 0, new Uint8Array(16));
    expect(status(wire)).toEqual([2, 0, 10]);
    wire.out(4);
    download(wire);
    expect(status(wire)).toEqual([0, 0, 2]);
    expect(medium.calls).toEqual(['begin', 'write 0 16', 'begin', 'write 0 16', 'finish 16']);
  });

  test('ABORT after the last block, before the status: nothing is manifested', () => {
    const { wire, medium } = bench();
    download(wire);
    expect(wire.out(ABORT).end).toBe('ok');
    expect(medium.calls).toEqual(['begin', 'write 0 16', 'abort']);
  });

  test('a block whose data never came leaves the state as it was', () => {
    const { wire, mode, medium } = bench();
    const packet = { bmRequestType: 0x21, bRequest: DNLOAD, wValue: 0, wIndex: 0, wLength: 16 };
    wire.device.setup(packet);
    expect(mode.state).toBe('dfuDNLOAD-SYNC');
    expect(status(wire)).toEqual([0, 0, 2]);
    expect(medium.calls).toEqual([]);
  });

  test('an upload block that is asked for again is the same', () => {
    const { wire, mode } = bench();
    wire.in(UPLOAD, 1500, 0);
    const second = wire.in(UPLOAD, 400, 1);
    expect(wire.in(UPLOAD, 400, 1)).toEqual(second);
    expect(wire.in(UPLOAD, 400, 3)).toEqual(STALLED);
    expect([mode.status, mode.reason]).toEqual(['errADDRESS', 'expected block 2, got 3']);
  });
});

describe('alternate settings', () => {
  /** Two media; the first has taken a block and is busy with it. */
  function busy(): DfuBench & { readonly second: ScriptedMedium } {
    const first = new ScriptedMedium('first');
    const second = new ScriptedMedium('second');
    first.busyMs = 40;
    const made = bench({ media: [first, second] });
    made.wire.out(DNLOAD, 0, new Uint8Array(16));
    expect(status(made.wire)).toEqual([0, 40, 4]);
    return { ...made, medium: first, second };
  }

  function select(wire: Wire, alternate: number): void {
    expect(wire.standardOut(11, alternate, 0, 1).end).toBe('ok');
  }

  test('the same one again while a block is written neither aborts nor retargets', () => {
    const { wire, mode, medium, second } = busy();
    select(wire, 0);
    expect(mode.state).toBe('dfuDNBUSY');
    wire.pass(40);
    expect(status(wire)).toEqual([0, 0, 5]);
    wire.out(DNLOAD, 1, new Uint8Array(16));
    expect([medium.calls, second.calls]).toEqual([['begin', 'write 0 16', 'write 16 16'], []]);
  });

  test('the same one again between two blocks aborts', () => {
    const { wire, mode, medium } = busy();
    wire.pass(40);
    status(wire);
    select(wire, 0);
    expect([mode.state, medium.calls.at(-1)]).toEqual(['dfuIDLE', 'abort']);
  });

  test('another one while a block is written aborts, and takes the next download', () => {
    const { wire, mode, medium, second } = busy();
    select(wire, 1);
    expect([mode.state, medium.calls.at(-1)]).toEqual(['dfuIDLE', 'abort']);
    download(wire);
    expect(status(wire)).toEqual([0, 0, 2]);
    expect(second.calls).toEqual(['begin', 'write 0 16', 'finish 16']);
  });

  test('SET_CONFIGURATION while a block is written aborts', () => {
    const { wire, mode, medium } = busy();
    wire.configure();
    expect([mode.state, medium.calls.at(-1)]).toEqual(['dfuIDLE', 'abort']);
  });

  test('another one during the manifestation neither aborts nor retargets', () => {
    const done: string[] = [];
    const first = new ScriptedMedium('first');
    const second = new ScriptedMedium('second');
    first.finishMs = 30;
    const onManifested = ({ name }: { name: string }): number => done.push(name);
    const { wire } = bench({ media: [first, second], onManifested });
    download(wire);
    expect(status(wire)).toEqual([0, 30, 7]);
    select(wire, 1);
    wire.pass(30);
    expect(status(wire)).toEqual([0, 0, 2]);
    expect([done, second.calls]).toEqual([['first'], []]);
  });
});

describe('options', () => {
  test.each<[string, Partial<DfuBenchOptions>, string]>([
    ['no media', { media: [] }, 'media: expected 1 to 256, got 0'],
    ['wTransferSize 4', { functional: { wTransferSize: 4 } }, 'wTransferSize: expected 8 to 65535'],
    ['wDetachTimeOut', { functional: { wDetachTimeOut: 70000 } }, 'wDetachTimeOut: expected 0 to'],
  ])('%s', (_, options, message) => {
    expect(() => bench(options)).toThrow(message);
  });
});
