import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../src/bytes/index.ts';
import { originalSlotMedia } from '../../src/board/slot-medium.ts';
import { Device, DfuMode, DfuRuntime, RIOTBOOT } from '../../src/device/index.ts';
import { stateNumber } from '../../src/dfu/index.ts';
import { decodeConfiguration } from '../../src/usb/index.ts';
import type { SetupPacket } from '../../src/usb/index.ts';
import {
  RecordingFlash,
  readVectors,
  recordedLayout,
  sha256,
} from '../support/riotboot-vectors.ts';
import { STALLED, ScriptedMedium, Wire, dfuBench } from './device-bench.ts';
import type { Seen } from './device-bench.ts';

interface Step extends SetupPacket {
  readonly dataHex?: string;
  readonly result: readonly string[];
}

interface Trace {
  readonly name: string;
  /** 1: run-time mode, 2: DFU mode. */
  readonly init: 1 | 2;
  readonly steps: readonly Step[];
  readonly slot0Sha256: string;
  readonly slot1Sha256: string;
}

const { traces } = readVectors('dfu-control.json') as { readonly traces: readonly Trace[] };
const dfuTraces = traces.filter(({ init }) => init === 2);

const functional = {
  bmAttributes: { canUpload: false, manifestationTolerant: false },
  wDetachTimeOut: 255,
  wTransferSize: 64,
};

function riotDevice(mode: DfuMode | DfuRuntime): Wire {
  const { control = {} } = RIOTBOOT;
  const identity = { idVendor: 0x1209, idProduct: 0x7d02 };
  const configurations = [{ functions: [mode], name: 'USB config' }];
  const wire = new Wire(new Device({ identity, configurations, quirks: control }));
  wire.configure();
  return wire;
}

/** The answer as the recordings write it. */
function line(seen: Seen, state: number): string {
  if (seen.end === 'stall') return `RESP stall  state=${state}`;
  return `RESP ack ${seen.end === 'ok' ? toHex(seen.bytes) : '?'} state=${state}`;
}

describe('recordings of RIOT, request by request', () => {
  test.each(dfuTraces)('$name', ({ steps, slot0Sha256, slot1Sha256 }) => {
    const flash = new RecordingFlash();
    let reboots = 0;
    const mode = new DfuMode({
      media: originalSlotMedia(flash, recordedLayout),
      functional,
      functionalAfter: 'first',
      profile: RIOTBOOT,
      onLeave: () => {
        reboots += 1;
      },
    });
    const wire = riotDevice(mode);
    let armed = false;
    for (const { dataHex = '', result, ...packet } of steps) {
      flash.lines.length = 0;
      const seen = wire.transfer(packet, fromHex(dataHex));
      // The timer is seen in what it does, below.
      const expected = result.filter((each) => !each.startsWith('TIMER'));
      armed ||= expected.length < result.length;
      expect([...flash.lines, line(seen, stateNumber(mode.state))]).toEqual(expected);
    }
    expect(sha256(flash.slot(0))).toBe(slot0Sha256);
    expect(sha256(flash.slot(1))).toBe(slot1Sha256);
    wire.pass(999);
    expect(reboots).toBe(0);
    wire.pass(1);
    expect(reboots).toBe(armed ? 1 : 0);
  });

  test('run-time mode', () => {
    const trace = traces.find(({ init }) => init === 1);
    const log: string[] = [];
    const mode = new DfuRuntime({
      name: 'RIOT-OS bootloader',
      functional,
      profile: RIOTBOOT,
      onDetach: () => log.push('REBOOT'),
    });
    const wire = riotDevice(mode);
    const got = (trace?.steps ?? []).map(({ result, ...packet }) => {
      const seen = wire.transfer(packet, new Uint8Array(0));
      if (wire.log.includes('detach')) log.unshift('USB_DETACH');
      return log.length > 0 ? log : [line(seen, stateNumber(mode.state))];
    });
    const END_OF_RECORDING = /^END/;
    const expected = (trace?.steps ?? []).map(({ result }) =>
      result.filter((each) => !END_OF_RECORDING.test(each)),
    );
    expect(got).toEqual(expected);
    expect(got).toHaveLength(3);
  });
});

describe('what else riotboot does', () => {
  test('its functional descriptor stands behind the first alternate only', () => {
    const media = [new ScriptedMedium('RIOT-OS Slot 0'), new ScriptedMedium('RIOT-OS Slot 1')];
    const mode = new DfuMode({ media, functional, functionalAfter: 'first', profile: RIOTBOOT });
    const [bytes = new Uint8Array(0)] = riotDevice(mode).device.descriptors().configurations;
    const { settings } = decodeConfiguration(bytes);
    expect(settings.map(({ extra }) => extra.map((each) => toHex(each.bytes)))).toEqual([
      ['092109ff0040001001'],
      [],
    ]);
  });

  test.each([
    ['GET_CONFIGURATION', [0x80, 8, 0, 1]],
    ['GET_INTERFACE', [0x81, 10, 0, 1]],
    ['DEVICE_QUALIFIER', [0x80, 6, 0x0600, 10]],
    ['the functional descriptor, of the device', [0x80, 6, 0x2100, 9]],
    ['the functional descriptor, of the interface', [0x81, 6, 0x2100, 9]],
  ])('it stalls %s', (_, [bmRequestType = 0, bRequest = 0, wValue = 0, wLength = 0]) => {
    const { wire } = dfuBench({ profile: RIOTBOOT, functional });
    expect(wire.transfer({ bmRequestType, bRequest, wValue, wIndex: 0, wLength })).toEqual(STALLED);
  });

  test('a second download goes on where the first ended', () => {
    const { wire, medium } = dfuBench({ profile: RIOTBOOT, functional });
    const block = new Uint8Array(64);
    wire.out(1, 0, block);
    wire.in(3, 6);
    wire.out(1, 1);
    wire.in(3, 6);
    wire.out(6);
    wire.out(1, 0, block);
    expect(medium.calls).toEqual(['begin', 'write 0 64', 'finish 64', 'write 64 64']);
  });

  test('block numbers, wTransferSize and the end of the medium do not matter', () => {
    const { wire, medium, mode } = dfuBench({ profile: RIOTBOOT, functional });
    wire.out(1, 9, new Uint8Array(200));
    wire.in(3, 6);
    wire.out(1, 9, new Uint8Array(200));
    expect(medium.calls).toEqual(['begin', 'write 0 200', 'write 200 200']);
    expect(mode.state).toBe('dfuDNLOAD-SYNC');
  });

  test('a block is not acknowledged before it is written', () => {
    const { wire, mode } = dfuBench({ profile: RIOTBOOT, functional, busyMs: 85 });
    expect(wire.out(1, 0, new Uint8Array(64))).toEqual({ end: 'held' });
    wire.pass(84);
    expect(wire.resumed).toBeUndefined();
    wire.pass(1);
    expect(wire.resumed).toEqual({ stage: 'status' });
    expect(mode.state).toBe('dfuDNLOAD-SYNC');
  });

  test('a write that fails stalls its data stage, and the status stays OK', () => {
    const { wire, medium } = dfuBench({ profile: RIOTBOOT, functional });
    medium.next = { status: 'errPROG', busyMs: 0, reason: 'worn out' };
    expect(wire.out(1, 0, new Uint8Array(64))).toEqual(STALLED);
    expect(wire.in(3, 6)).toEqual({ end: 'ok', bytes: Uint8Array.of(0, 255, 0, 0, 10, 0) });
  });
});
