import { COMPATIBLE, Device, DfuSeMode, DfuSeRam } from '../../src/device/index.ts';
import { flashFile, parseDeviceIds } from '../../src/host/index.ts';
import type { FlashOptions, SendEnding } from '../../src/host/index.ts';
import { LoopbackBus } from '../../src/link/loopback/index.ts';
import {
  encodeTrace,
  readTrace,
  replayBus,
  traceHeader,
  tracedBus,
} from '../../src/trace/index.ts';
import type { ReplayBus, Trace, TraceHeader, TraceRecord } from '../../src/trace/index.ts';
import { VirtualClock } from '../../src/usb/index.ts';
import type { UsbBus, UsbDevice } from '../../src/usb/index.ts';
import { MiniatureBoard } from './miniature-board.ts';
import { onClock } from './scripted-pipe.ts';

/** What a host did on a bus, and what came of it. */
export interface Recorded<T> {
  readonly records: readonly TraceRecord[];
  /** As it is after a way through its text. */
  readonly trace: Trace;
  readonly value: T | undefined;
  readonly error: unknown;
}

/** Not periodic in any block size. */
export function firmware(length: number): Uint8Array {
  let seed = 1;
  return Uint8Array.from({ length }, () => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    return seed >>> 16;
  });
}

/** A board with an application that can be detached, and blocks of 64 bytes. */
export function miniature(): UsbDevice {
  const bits = {
    canDnload: true,
    canUpload: true,
    manifestationTolerant: false,
    willDetach: true,
  };
  return new MiniatureBoard(bits, 64, COMPATIBLE).device;
}

/** A DfuSe device with 16 sectors of 1 KiB. */
export function dfuseDevice(): UsbDevice {
  const flash = new DfuSeRam({
    layout: '@Internal Flash  /0x08000000/16*001Kg',
    eraseMs: 30,
    programMsPerByte: 0.05,
  });
  const mode = new DfuSeMode({ memories: [flash], functional: { wTransferSize: 256 } });
  return new Device({
    identity: { idVendor: 0x0483, idProduct: 0xdf11, serial: 'KEYSTONE' },
    configurations: [{ functions: [mode] }],
  });
}

/** Does something on a bus with that device on it, and records it; an error is kept. */
export async function recorded<T>(
  device: UsbDevice,
  work: (bus: UsbBus, clock: VirtualClock) => Promise<T>,
  header: Partial<TraceHeader> = {},
): Promise<Recorded<T>> {
  const clock = new VirtualClock();
  const bus = new LoopbackBus(clock);
  bus.plug(device);
  const records: TraceRecord[] = [];
  const traced = tracedBus(bus, clock, (record) => records.push(record));
  let value: T | undefined;
  let error: unknown;
  try {
    value = await onClock(clock, work(traced, clock));
  } catch (reason) {
    error = reason;
  }
  const whole = traceHeader({ tool: 'a test', started: '2026-11-30T12:00:00.000Z', ...header });
  return { records, trace: readTrace(encodeTrace(whole, records)), value, error };
}

/** Does something with the devices of a recording. */
export async function replayed<T>(
  trace: Trace,
  work: (bus: ReplayBus, clock: VirtualClock) => Promise<T>,
): Promise<{ readonly bus: ReplayBus; readonly value: T; readonly ms: number }> {
  const clock = new VirtualClock();
  const bus = replayBus(trace, { clock });
  const value = await onClock(clock, work(bus, clock));
  return { bus, value, ms: clock.now() };
}

/** Downloads to the miniature board, out of its application. */
export function flashMiniature(
  bus: UsbBus,
  clock: VirtualClock,
  options: Partial<FlashOptions> = {},
): Promise<SendEnding> {
  const selection = { ...parseDeviceIds('1209:7d00,1209:7d02'), alternate: 'ramdisk1' };
  return flashFile(bus, firmware(1000), { clock, selection, ...options });
}

/** Downloads to the DfuSe device. */
export function flashDfuSe(
  bus: UsbBus,
  clock: VirtualClock,
  options: Partial<FlashOptions> = {},
): Promise<SendEnding> {
  const selection = { alternate: 0 };
  return flashFile(bus, firmware(3000), { clock, selection, address: 0x0800_0000, ...options });
}
