import { describe, expect, test } from 'vitest';
import { toHex } from '../../src/bytes/index.ts';
import { DfuMode, RIOTBOOT } from '../../src/device/index.ts';
import { decodeConfiguration } from '../../src/usb/index.ts';
import { recordings } from '../support/riotboot-vectors.ts';
import {
  replayControl,
  riotDevice,
  riotbootFunctional as functional,
} from '../support/riotboot/replay-control.ts';
import { STALLED, ScriptedMedium, dfuBench } from './device-bench.ts';
import type { DfuBench } from './device-bench.ts';

describe('recordings of RIOT, request by request', () => {
  const replayed = replayControl(recordings, 'dfu-control.json');

  test('in DFU mode and in run-time mode', () => {
    expect(replayed.map(({ name }) => name)).toContain('runtime: detach');
    expect(replayed.length).toBe(6);
  });

  test.each(replayed)('$name', ({ differences }) => {
    expect(differences).toEqual([]);
  });
});

describe('where RIOT asserts', () => {
  const block = new Uint8Array(64);

  /** As it comes up: nobody has sent SET_INTERFACE. */
  function fresh(): DfuBench {
    const bench = dfuBench({ profile: RIOTBOOT, functional, configured: false });
    bench.wire.configure();
    return bench;
  }

  test('departure riot/asserts-are-stalls: a block before SET_INTERFACE is stalled, writes nothing, and the link is told', () => {
    const { wire, medium, mode } = fresh();
    expect(wire.out(1, 0, block)).toEqual(STALLED);
    expect(medium.calls).toEqual([]);
    expect(mode.state).toBe('dfuIDLE');
    expect(wire.lines).toEqual([
      'stalled: no SET_INTERFACE has come before the first block, the original asserts here',
    ]);
    wire.standardOut(11, 0, 0, 1);
    expect(wire.out(1, 0, block).end).toBe('ok');
    expect(medium.calls).toEqual(['begin', 'write 0 64']);
  });

  test('so is one for a slot that is not there, though SET_INTERFACE took its number', () => {
    const { wire, medium } = fresh();
    expect(wire.standardOut(11, 2, 0, 1).end).toBe('ok');
    expect(wire.out(1, 0, block)).toEqual(STALLED);
    expect(medium.calls).toEqual([]);
    expect(wire.lines).toEqual(['stalled: there is no slot 2, the original asserts here']);
  });

  test('and one that comes without DFU_GETSTATUS after the block before it', () => {
    const { wire, medium, mode } = dfuBench({ profile: RIOTBOOT, functional });
    wire.out(1, 0, block);
    expect(wire.out(1, 1, block)).toEqual(STALLED);
    expect(mode.state).toBe('dfuDNLOAD-SYNC');
    expect(wire.lines.at(-1)).toContain('a block without DFU_GETSTATUS');
    wire.in(3, 6);
    expect(wire.out(1, 1, block).end).toBe('ok');
    expect(medium.calls).toEqual(['begin', 'write 0 64', 'write 64 64']);
  });

  test('a write that its flash does not take is stalled; the reason, which no status tells, is in the log', () => {
    const { wire, medium } = dfuBench({ profile: RIOTBOOT, functional });
    medium.next = { status: 'errADDRESS', busyMs: 0, reason: 'beyond the flash' };
    expect(wire.out(1, 0, block)).toEqual(STALLED);
    expect(wire.lines).toEqual(['stalled: beyond the flash']);
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
