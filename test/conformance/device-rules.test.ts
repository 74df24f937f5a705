import { describe, expect, test } from 'vitest';
import { toHex } from '../../src/bytes/index.ts';
import {
  COMPATIBLE,
  Device,
  DfuMode,
  DfuRuntime,
  RamDisk,
  STRICT,
} from '../../src/device/index.ts';
import type { Detach } from '../../src/device/index.ts';
import { decodeString } from '../../src/usb/index.ts';
import { HOLDING, STALLED, ScriptedMedium, Wire, dfuBench } from './device-bench.ts';
import type { Seen } from './device-bench.ts';

/** DFU 1.1 table 3.2. */
const DETACH = 0;
const DNLOAD = 1;
const UPLOAD = 2;
const GETSTATUS = 3;
const CLRSTATUS = 4;
const GETSTATE = 5;
const ABORT = 6;

const profile = COMPATIBLE;
const ACKNOWLEDGED: Seen = { end: 'ok', bytes: new Uint8Array(0) };

function bytesOf(seen: Seen): number[] {
  return seen.end === 'ok' ? [...seen.bytes] : [-1];
}

/** bStatus, bwPollTimeout, bState. */
function status(wire: Wire): number[] {
  const [bStatus = -1, low = 0, middle = 0, high = 0, bState = -1] = bytesOf(wire.in(GETSTATUS, 6));
  return [bStatus, low + middle * 256 + high * 65536, bState];
}

function download(wire: Wire, blocks: number, size = 16): void {
  for (let block = 0; block < blocks; block += 1) {
    wire.out(DNLOAD, block & 0xffff, new Uint8Array(size).fill(block));
    wire.in(GETSTATUS, 6);
  }
}

function runtime(
  willDetach: boolean,
  wDetachTimeOut = 1000,
): { wire: Wire; mode: DfuRuntime; detached: Detach[] } {
  const detached: Detach[] = [];
  const mode = new DfuRuntime({
    functional: { bmAttributes: { willDetach }, wDetachTimeOut },
    onDetach: (detach) => detached.push(detach),
  });
  const wire = new Wire(
    new Device({
      identity: { idVendor: 0x1209, idProduct: 0x7d00 },
      configurations: [{ functions: [mode] }],
    }),
  );
  wire.configure();
  return { wire, mode, detached };
}

describe('what DFU 1.1 says, rule by rule', () => {
  test('1: DFU_GETSTATUS reports the state that is entered and the least wait', () => {
    const { wire } = dfuBench({ profile, busyMs: 300 });
    wire.out(DNLOAD, 0, new Uint8Array(16));
    expect(status(wire)).toEqual([0, 300, 4]);
    wire.pass(120.5);
    expect(status(wire)).toEqual([0, 180, 4]);
    wire.pass(180);
    expect(status(wire)).toEqual([0, 0, 5]);
  });

  test('2: DFU_GETSTATE changes no state', () => {
    const { wire } = dfuBench({ profile, busyMs: 5 });
    wire.out(DNLOAD, 0, new Uint8Array(16));
    expect([1, 2, 3].map(() => bytesOf(wire.in(GETSTATE, 1)))).toEqual([[3], [3], [3]]);
  });

  test('3: in dfuERROR the status stays until DFU_CLRSTATUS', () => {
    const { wire, medium } = dfuBench({ profile });
    medium.next = { status: 'errPROG', busyMs: 0, reason: 'a bit did not stick' };
    wire.out(DNLOAD, 0, new Uint8Array(16));
    expect(status(wire)).toEqual([6, 0, 10]);
    expect(wire.out(ABORT)).toEqual(STALLED);
    expect(wire.out(DNLOAD, 0, new Uint8Array(16))).toEqual(STALLED);
    expect(status(wire)).toEqual([6, 0, 10]);
    expect(wire.out(CLRSTATUS)).toEqual(ACKNOWLEDGED);
    expect(status(wire)).toEqual([0, 0, 2]);
  });

  test('4: with bitWillDetach the status stage ends, then the device leaves by itself', () => {
    const { wire, detached } = runtime(true);
    expect(wire.out(DETACH, 1000)).toEqual(ACKNOWLEDGED);
    expect(wire.log).toEqual(['attach']);
    wire.pass(100);
    expect(wire.log).toEqual(['attach', 'detach']);
    expect(detached).toEqual([{ reason: 'detach', onBus: false, timeoutMs: 1000 }]);
  });

  test.each([
    ['wValue is shorter', 500, 1000, 500],
    ['wDetachTimeOut is shorter', 5000, 255, 255],
  ])('4: without it DFU mode needs a reset in time; %s', (_, wValue, limit, timerMs) => {
    const late = runtime(false, limit);
    late.wire.out(DETACH, wValue);
    late.wire.pass(timerMs - 1);
    expect(late.mode.state).toBe('appDETACH');
    late.wire.pass(1);
    late.wire.reset();
    expect(late.mode.state).toBe('appIDLE');
    expect(late.detached).toEqual([]);

    const early = runtime(false, limit);
    early.wire.out(DETACH, wValue);
    early.wire.pass(timerMs - 1);
    early.wire.reset();
    expect(early.detached).toEqual([{ reason: 'reset', onBus: true, timeoutMs: wValue }]);
    expect(early.wire.log).toEqual(['attach']);
  });

  test('5: run-time mode answers DFU_GETSTATUS and DFU_GETSTATE', () => {
    const { wire } = runtime(false);
    expect(bytesOf(wire.in(GETSTATUS, 6))).toEqual([0, 0, 0, 0, 0, 0]);
    wire.out(DETACH, 1000);
    expect(bytesOf(wire.in(GETSTATE, 1))).toEqual([1]);
  });

  test('6: wBlockNum goes on with 0 after 65535', () => {
    const { wire, medium } = dfuBench({ profile, functional: { wTransferSize: 8 } });
    download(wire, 65538, 8);
    expect(status(wire)).toEqual([0, 0, 5]);
    expect(medium.calls.at(-1)).toBe(`write ${65537 * 8} 8`);
  });

  test('6: a block that is sent again is written once', () => {
    const { wire, medium } = dfuBench({ profile });
    download(wire, 2);
    expect(wire.out(DNLOAD, 1, new Uint8Array(16).fill(1))).toEqual(ACKNOWLEDGED);
    expect(status(wire)).toEqual([0, 0, 5]);
    expect(medium.calls).toEqual(['begin', 'write 0 16', 'write 16 16']);
  });

  test.each([
    ['a block is missing', 3, 9],
    ['the same number has other bytes', 1, 9],
  ])('6: %s: errADDRESS', (_, block, fill) => {
    const { wire, medium } = dfuBench({ profile });
    download(wire, 2);
    wire.out(DNLOAD, block, new Uint8Array(16).fill(fill));
    expect(status(wire)).toEqual([8, 0, 10]);
    expect(medium.calls.at(-1)).toBe('abort');
  });

  test('6: the letter lets the device ignore wBlockNum', () => {
    const { wire, medium } = dfuBench({ profile: STRICT });
    for (const block of [7, 7, 2]) {
      wire.out(DNLOAD, block, new Uint8Array(16));
      wire.in(GETSTATUS, 6);
    }
    expect(medium.calls).toEqual(['begin', 'write 0 16', 'write 16 16', 'write 32 16']);
  });

  test.each([64, 512, 4096, 65535])('7: a block of wTransferSize %i, and no more', (size) => {
    const { wire, medium } = dfuBench({ profile, functional: { wTransferSize: size } });
    expect(wire.out(DNLOAD, 0, new Uint8Array(size))).toEqual(ACKNOWLEDGED);
    expect(status(wire)).toEqual([0, 0, 5]);
    expect(medium.calls).toEqual(['begin', `write 0 ${size}`]);
    if (size === 65535) return;
    expect(wire.out(DNLOAD, 1, new Uint8Array(size + 1))).toEqual(STALLED);
    expect(status(wire)).toEqual([15, 0, 10]);
    expect(medium.calls).toHaveLength(2);
  });

  test('8: the end of a download is legal in dfuDNLOAD-IDLE only', () => {
    const { wire } = dfuBench({ profile });
    expect(wire.out(DNLOAD, 0)).toEqual(STALLED);
    wire.out(CLRSTATUS);
    download(wire, 1);
    expect(wire.out(DNLOAD, 1)).toEqual(ACKNOWLEDGED);
    expect(status(wire)).toEqual([0, 0, 2]);
  });

  test('8: an end that comes too early is errNOTDONE', () => {
    const { wire, medium } = dfuBench({ profile });
    medium.whole = false;
    download(wire, 1);
    expect(wire.out(DNLOAD, 1)).toEqual(STALLED);
    expect(status(wire)).toEqual([9, 0, 10]);
    expect(medium.calls).toEqual(['begin', 'write 0 16']);
  });

  test.each([
    ['and not empty', 100, [64, 36]],
    ['and empty', 128, [64, 64, 0]],
  ])('9: an upload ends with a short frame, %s', (_, sizeBytes, frames) => {
    const content = Uint8Array.from({ length: sizeBytes }, (__, at) => at);
    const mode = new DfuMode({ media: [new RamDisk({ sizeBytes, content })] });
    const wire = modeWire(mode);
    const blocks = frames.map((___, block) => bytesOf(wire.in(UPLOAD, 64, block)));
    expect(blocks.map(({ length }) => length)).toEqual(frames);
    expect(blocks.flat()).toEqual([...content]);
    expect(mode.state).toBe('dfuIDLE');
  });

  test.each([
    ['dfuIDLE', 0, []],
    ['dfuDNLOAD-IDLE', 2, ['begin', 'write 0 16', 'write 16 16', 'abort']],
  ])('10: DFU_ABORT in %s', (state, blocks, calls) => {
    const { wire, mode, medium } = dfuBench({ profile });
    download(wire, blocks);
    expect(mode.state).toBe(state);
    expect(wire.out(ABORT)).toEqual(ACKNOWLEDGED);
    expect(mode.state).toBe('dfuIDLE');
    expect(medium.calls).toEqual(calls);
  });

  test('10: DFU_ABORT in dfuUPLOAD-IDLE: the next upload starts at the beginning', () => {
    const mode = new DfuMode({
      media: [new RamDisk({ sizeBytes: 8, content: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) })],
    });
    const wire = modeWire(mode);
    expect(bytesOf(wire.in(UPLOAD, 2, 0))).toEqual([1, 2]);
    wire.out(ABORT);
    expect(bytesOf(wire.in(UPLOAD, 2, 0))).toEqual([1, 2]);
  });

  test.each([
    ['device', 0x80],
    ['interface', 0x81],
  ])('11: the functional descriptor is there for the %s, in both modes the same', (_, type) => {
    const functional = {
      bmAttributes: { canUpload: false, manifestationTolerant: false },
      wDetachTimeOut: 255,
      wTransferSize: 64,
    };
    const application = new DfuRuntime({ functional, onDetach: () => {} });
    const wires = [
      modeWire(application),
      modeWire(new DfuMode({ media: [new ScriptedMedium()], functional })),
    ];
    for (const wire of wires) {
      const seen = wire.transfer({
        bmRequestType: type,
        bRequest: 6,
        wValue: 0x2100,
        wIndex: 0,
        wLength: 255,
      });
      expect(toHex(Uint8Array.from(bytesOf(seen)))).toBe('092109ff0040001001');
      const [configuration = new Uint8Array(0)] = wire.device.descriptors().configurations;
      expect(toHex(configuration)).toContain('092109ff0040001001');
    }
  });

  test('12: one interface, no endpoints, an alternate setting with a name for each memory', () => {
    const media = [new ScriptedMedium('internal flash'), new ScriptedMedium('external flash')];
    const wire = modeWire(new DfuMode({ media }));
    const [configuration = new Uint8Array(0)] = wire.device.descriptors().configurations;
    expect(toHex(configuration)).toBe(
      [
        '09022d000101008032',
        '0904000000fe010201',
        '09210fe80300101001',
        '0904000100fe010202',
        '09210fe80300101001',
      ].join(''),
    );
    // The letter has it once, behind the last.
    const strict = modeWire(new DfuMode({ media, profile: STRICT }));
    const [once = new Uint8Array(0)] = strict.device.descriptors().configurations;
    expect(toHex(once)).toBe(
      ['090224000101008032', '0904000000fe010201', '0904000100fe010202', '09210fe80300101001'].join(
        '',
      ),
    );
    const name = wire.transfer({
      bmRequestType: 0x80,
      bRequest: 6,
      wValue: 0x0302,
      wIndex: 0x0409,
      wLength: 255,
    });
    expect(decodeString(Uint8Array.from(bytesOf(name)))).toBe('external flash');
  });

  test('13: SET_INTERFACE selects the memory, and aborts what was under way', () => {
    const media = [new ScriptedMedium('first'), new ScriptedMedium('second')];
    const mode = new DfuMode({ media });
    const wire = modeWire(mode);
    download(wire, 1);
    expect(wire.standardOut(11, 1, 0, 1)).toEqual(ACKNOWLEDGED);
    expect(mode.state).toBe('dfuIDLE');
    download(wire, 1);
    expect(media.map(({ calls }) => calls)).toEqual([
      ['begin', 'write 0 16', 'abort'],
      ['begin', 'write 0 16'],
    ]);
  });

  test('13: in dfuMANIFEST SET_INTERFACE 0 neither aborts nor retargets', () => {
    const media = [new ScriptedMedium('first'), new ScriptedMedium('second')];
    for (const each of media) each.finishMs = 50;
    const mode = new DfuMode({ media });
    const wire = modeWire(mode);
    wire.standardOut(11, 1, 0, 1);
    download(wire, 1);
    wire.out(DNLOAD, 1);
    expect(wire.standardOut(11, 0, 0, 1)).toEqual(ACKNOWLEDGED);
    expect(status(wire)).toEqual([0, 50, 7]);
    expect(wire.standardOut(11, 0, 0, 1)).toEqual(ACKNOWLEDGED);
    wire.pass(50);
    expect(status(wire)).toEqual([0, 0, 2]);
    expect(media.map(({ calls }) => calls)).toEqual([[], ['begin', 'write 0 16', 'finish 16']]);
  });

  test.each([
    ['an interface that is not there', { bmRequestType: 0xa1, wIndex: 1 }],
    ['a vendor request', { bmRequestType: 0xc1, wIndex: 0 }],
    ['the device instead of the interface', { bmRequestType: 0xa0, wIndex: 0 }],
  ])('14: %s is stalled, and the state stays', (_, { bmRequestType, wIndex }) => {
    const { wire, mode } = dfuBench({ profile });
    const packet = { bmRequestType, bRequest: GETSTATUS, wValue: 0, wIndex, wLength: 6 };
    expect(wire.transfer(packet)).toEqual(STALLED);
    expect(mode.state).toBe('dfuIDLE');
  });

  test('14: a request that DFU does not know is an error', () => {
    const { wire } = dfuBench({ profile });
    expect(wire.in(7, 6)).toEqual(STALLED);
    expect(status(wire)).toEqual([15, 0, 10]);
  });

  test.each([
    ['DNLOAD to the host', 0xa1, DNLOAD, 8],
    ['UPLOAD from the host', 0x21, UPLOAD, 8],
    ['GETSTATUS from the host', 0x21, GETSTATUS, 6],
    ['GETSTATE from the host', 0x21, GETSTATE, 1],
    ['ABORT to the host', 0xa1, ABORT, 1],
    ['ABORT with data', 0x21, ABORT, 1],
    ['CLRSTATUS with data', 0x21, CLRSTATUS, 1],
    ['DETACH with data', 0x21, DETACH, 1],
  ] as const)('14: %s is one that DFU does not know', (...[, bmRequestType, bRequest, wLength]) => {
    const { wire, medium } = dfuBench({ profile });
    const packet = { bmRequestType, bRequest, wValue: 0, wIndex: 0, wLength };
    expect(wire.transfer(packet)).toEqual(STALLED);
    expect(status(wire)).toEqual([15, 0, 10]);
    expect(medium.calls).toEqual([]);
  });

  test.each([0, 1, 5])('15: DFU_GETSTATUS with wLength %i answers that many bytes', (wLength) => {
    const { wire } = dfuBench({ profile, busyMs: 100 });
    wire.out(DNLOAD, 0, new Uint8Array(16));
    expect(bytesOf(wire.in(GETSTATUS, wLength))).toEqual([0, 100, 0, 0, 4, 0].slice(0, wLength));
  });

  test.each(['errFIRMWARE', 'errPOR'] as const)(
    '16: it starts with %s, and can be repaired',
    (initialStatus) => {
      const { wire, mode, medium } = dfuBench({ profile, initialStatus });
      expect(mode.state).toBe('dfuERROR');
      expect(status(wire)).toEqual([initialStatus === 'errFIRMWARE' ? 10 : 13, 0, 10]);
      expect(wire.out(CLRSTATUS)).toEqual(ACKNOWLEDGED);
      download(wire, 1);
      expect(medium.calls).toEqual(['begin', 'write 0 16']);
    },
  );

  test('17: a stalled request has no effect on the memory', () => {
    const { wire, medium } = dfuBench({ profile });
    download(wire, 1);
    expect(wire.in(UPLOAD, 16)).toEqual(STALLED);
    expect(medium.calls).toEqual(['begin', 'write 0 16']);
  });

  test('18: iString is the index of the reason in words', () => {
    const { wire, medium } = dfuBench({ profile });
    medium.next = { status: 'errVENDOR', busyMs: 0, reason: 'older than what is there' };
    wire.out(DNLOAD, 0, new Uint8Array(16));
    const iString = bytesOf(wire.in(GETSTATUS, 6))[5] ?? 0;
    const seen = wire.transfer({
      bmRequestType: 0x80,
      bRequest: 6,
      wValue: 0x0300 + iString,
      wIndex: 0x0409,
      wLength: 255,
    });
    expect(decodeString(Uint8Array.from(bytesOf(seen)))).toBe('older than what is there');
  });
});

describe('the attributes', () => {
  test('no bitCanDnload: a download is an error', () => {
    const { wire, medium } = dfuBench({
      profile,
      functional: { bmAttributes: { canDnload: false } },
    });
    expect(wire.out(DNLOAD, 0, new Uint8Array(16))).toEqual(STALLED);
    expect(status(wire)).toEqual([15, 0, 10]);
    expect(medium.calls).toEqual([]);
  });

  test('no bitCanUpload: an upload is an error', () => {
    const { wire } = dfuBench({ profile, functional: { bmAttributes: { canUpload: false } } });
    expect(wire.in(UPLOAD, 16)).toEqual(STALLED);
    expect(status(wire)).toEqual([15, 0, 10]);
  });
});

describe('run-time mode, cell by cell', () => {
  const requests = [
    ['DNLOAD', (wire: Wire) => wire.out(DNLOAD, 0, new Uint8Array(8))],
    ['DNLOAD 0', (wire: Wire) => wire.out(DNLOAD)],
    ['UPLOAD', (wire: Wire) => wire.in(UPLOAD, 8)],
    ['CLRSTATUS', (wire: Wire) => wire.out(CLRSTATUS)],
    ['ABORT', (wire: Wire) => wire.out(ABORT)],
    ['unknown', (wire: Wire) => wire.out(9)],
  ] as const;

  test.each(requests)('appIDLE and appDETACH: %s is stalled and ends in appIDLE', (_, request) => {
    const { wire, mode, detached } = runtime(false);
    expect(request(wire)).toEqual(STALLED);
    expect(mode.state).toBe('appIDLE');
    wire.out(DETACH, 1000);
    expect(mode.state).toBe('appDETACH');
    expect(request(wire)).toEqual(STALLED);
    expect(mode.state).toBe('appIDLE');
    wire.reset();
    expect(detached).toEqual([]);
  });

  test('appDETACH: a second DETACH is stalled and ends in appIDLE', () => {
    const { wire, mode } = runtime(false);
    wire.out(DETACH, 1000);
    expect(wire.out(DETACH, 1000)).toEqual(STALLED);
    expect(mode.state).toBe('appIDLE');
  });

  test('a reset in appIDLE is nothing', () => {
    const { wire, mode, detached } = runtime(false);
    wire.reset();
    expect(mode.state).toBe('appIDLE');
    expect(detached).toEqual([]);
  });
});

describe('what no answer is', () => {
  test('strict: dfuMANIFEST-WAIT-RESET answers nothing, the control endpoint does', () => {
    const { wire, mode } = dfuBench({
      profile: STRICT,
      functional: { bmAttributes: { manifestationTolerant: false } },
    });
    download(wire, 1);
    wire.out(DNLOAD, 1);
    expect(status(wire)).toEqual([0, 0, 7]);
    expect(mode.state).toBe('dfuMANIFEST-WAIT-RESET');
    expect(wire.in(GETSTATUS, 6)).toEqual(HOLDING);
    expect(wire.standardOut(11, 0, 0, 1)).toEqual(ACKNOWLEDGED);
  });
});

function modeWire(mode: DfuMode | DfuRuntime): Wire {
  const wire = new Wire(
    new Device({
      identity: { idVendor: 0x1209, idProduct: 0x7d02 },
      configurations: [{ functions: [mode] }],
    }),
  );
  wire.configure();
  return wire;
}
