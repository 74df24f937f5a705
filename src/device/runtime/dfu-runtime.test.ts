import { describe, expect, test } from 'vitest';
import { STALLED, Wire } from '../../../test/conformance/device-bench.ts';
import type { Seen } from '../../../test/conformance/device-bench.ts';
import { toHex } from '../../bytes/index.ts';
import { DevicePort, STATUS, VirtualClock } from '../../usb/index.ts';
import type { TransferResult } from '../../usb/index.ts';
import { Device, Lock, STRICT, USBD_DFU_RT, condition, dfuRuntime } from '../index.ts';
import type {
  Allowance,
  Detach,
  DfuRuntime,
  DfuRuntimeOps,
  DfuRuntimeSurroundings,
} from '../index.ts';

const DETACH = 0;
const GETSTATUS = 3;
const GETSTATE = 5;
const ACCEPTED: Seen = { end: 'ok', bytes: new Uint8Array(0) };

interface Bench {
  readonly wire: Wire;
  readonly runtime: DfuRuntime;
  readonly detached: Detach[];
}

function deviceOf(runtime: DfuRuntime): Device {
  const identity = { idVendor: 0x1209, idProduct: 0x7d00 };
  return new Device({ identity, configurations: [{ functions: [runtime] }] });
}

function bench(ops: Partial<DfuRuntimeOps> = {}, around: DfuRuntimeSurroundings = {}): Bench {
  const detached: Detach[] = [];
  const runtime = dfuRuntime({ detach: (detach) => detached.push(detach), ...ops }, around);
  const wire = new Wire(deviceOf(runtime));
  wire.configure();
  return { wire, runtime, detached };
}

function state(wire: Wire): number | undefined {
  const seen = wire.in(GETSTATE, 1);
  return seen.end === 'ok' ? seen.bytes[0] : undefined;
}

describe('with bitWillDetach', () => {
  test('detach is called after the time that the host asked for, on the bus', () => {
    const { wire, detached, runtime } = bench();
    expect(wire.out(DETACH, 1000)).toEqual(ACCEPTED);
    expect(state(wire)).toBe(1);
    expect(runtime.remainingMs).toBe(1000);
    wire.pass(999);
    expect(detached).toEqual([]);
    wire.pass(1);
    expect(detached).toEqual([{ reason: 'detach', onBus: true, timeoutMs: 1000 }]);
    expect(wire.log).not.toContain('detach');
    expect(state(wire)).toBe(0);
  });

  test('allow changes the time, also to more than wDetachTimeOut', () => {
    const { wire, detached } = bench({ allow: (timeoutMs) => timeoutMs * 3, detachTimeOutMs: 10 });
    wire.out(DETACH, 100);
    wire.pass(299);
    expect(detached).toEqual([]);
    wire.pass(1);
    expect(detached).toHaveLength(1);
  });

  test('the time starts when the host has seen the answer', () => {
    const { wire, detached } = bench({ allow: () => 0 });
    const packet = { bmRequestType: 0x21, bRequest: DETACH, wValue: 5, wIndex: 0, wLength: 0 };
    expect(wire.device.setup(packet)).toEqual(STATUS);
    wire.pass(50);
    expect(detached).toEqual([]);
    wire.device.done();
    wire.pass(0);
    expect(detached).toHaveLength(1);
  });

  test('a host that never sees the answer leaves it where it was', () => {
    const { wire, detached } = bench();
    const packet = { bmRequestType: 0x21, bRequest: DETACH, wValue: 5, wIndex: 0, wLength: 0 };
    wire.device.setup(packet);
    expect(wire.in(GETSTATUS, 6).end).toBe('ok');
    wire.pass(100);
    expect(detached).toEqual([]);
    expect(state(wire)).toBe(0);
  });

  test('a reset does not cut short the time that the application asked for', () => {
    const { wire, detached } = bench();
    wire.out(DETACH, 100);
    wire.pass(40);
    wire.reset();
    expect(detached).toEqual([]);
    wire.pass(60);
    expect(detached.map(({ reason }) => reason)).toEqual(['detach']);
  });

  test('by the letter it does', () => {
    const { wire, detached } = bench({}, { profile: STRICT });
    wire.out(DETACH, 100);
    wire.reset();
    expect(detached).toEqual([{ reason: 'reset', onBus: true, timeoutMs: 100 }]);
  });
});

describe('without bitWillDetach', () => {
  test('detach is called inside the bus reset', () => {
    const { wire, detached } = bench({ willDetach: false });
    wire.out(DETACH, 1000);
    wire.pass(999);
    expect(detached).toEqual([]);
    wire.reset();
    expect(detached).toEqual([{ reason: 'reset', onBus: true, timeoutMs: 1000 }]);
    wire.reset();
    expect(detached).toHaveLength(1);
  });

  test('a reset that comes too late, or that nobody asked for, changes nothing', () => {
    const { wire, detached } = bench({ willDetach: false, allow: () => 200 });
    wire.reset();
    wire.configure();
    wire.out(DETACH, 1000);
    wire.pass(200);
    expect(state(wire)).toBe(0);
    wire.reset();
    expect(detached).toEqual([]);
  });
});

describe('refusal', () => {
  test.each([
    ['undefined', undefined],
    ['a negative time', -1],
    ['no number', Number.NaN],
    ['for ever', Infinity],
  ])('allow says %s: stalled, the state stays', (_, answer: Allowance) => {
    const { wire, detached } = bench({ allow: () => answer });
    expect(wire.out(DETACH, 100)).toEqual(STALLED);
    expect(state(wire)).toBe(0);
    wire.pass(1000);
    expect(detached).toEqual([]);
  });

  test('a lock that the application opens: it is not even asked before', () => {
    const lock = new Lock();
    const asked: number[] = [];
    const allow = (timeoutMs: number): number => {
      asked.push(timeoutMs);
      return timeoutMs;
    };
    const { wire } = bench({ allow }, { detachCondition: lock });
    expect(wire.out(DETACH, 100)).toEqual(STALLED);
    expect(asked).toEqual([]);
    lock.unlock();
    expect(wire.out(DETACH, 100)).toEqual(ACCEPTED);
    lock.lock();
    wire.reset();
    expect(lock.refusal()).toMatch(/not unlocked/);
  });

  test('a button that is looked at each time', () => {
    let pressed = false;
    const button = condition('the button is not held', () => pressed);
    const { wire } = bench({}, { detachCondition: button });
    expect(wire.out(DETACH, 100)).toEqual(STALLED);
    pressed = true;
    expect(wire.out(DETACH, 100)).toEqual(ACCEPTED);
  });
});

interface LateBench {
  readonly clock: VirtualClock;
  readonly port: DevicePort;
  readonly ended: TransferResult[];
  readonly detached: number[];
  readonly runtime: DfuRuntime;
  /** The application answers. */
  readonly answer: (value: Allowance) => Promise<void>;
  readonly fail: () => Promise<void>;
}

/** A device whose application takes its time with the answer. */
function lateBench(willDetach: boolean): LateBench {
  const clock = new VirtualClock();
  const waiting: { resolve: (value: Allowance) => void; reject: (error: Error) => void }[] = [];
  const detached: number[] = [];
  const runtime = dfuRuntime({
    willDetach,
    allow: () => new Promise((resolve, reject) => waiting.push({ resolve, reject })),
    detach: () => detached.push(clock.now()),
  });
  const port = new DevicePort(deviceOf(runtime), clock, {
    attached: () => {},
    detached: () => {},
    log: () => {},
  });
  port.plug();
  const setConfiguration = { bmRequestType: 0, bRequest: 9, wValue: 1, wIndex: 0, wLength: 0 };
  port.submit(setConfiguration, undefined, () => {});
  const turn = (): Promise<void> => Promise.resolve();
  return {
    clock,
    port,
    detached,
    runtime,
    ended: [],
    async answer(value) {
      waiting.shift()?.resolve(value);
      await turn();
      await turn();
    },
    async fail() {
      waiting.shift()?.reject(new Error('the application crashed'));
      await turn();
      await turn();
    },
  };
}

const DETACH_PACKET = { bmRequestType: 0x21, bRequest: DETACH, wValue: 500, wIndex: 0, wLength: 0 };

describe('an application that answers later', () => {
  test('the request is held; the time runs from the answer on', async () => {
    const { port, clock, ended, detached, answer, runtime } = lateBench(true);
    port.submit(DETACH_PACKET, undefined, (result) => ended.push(result));
    clock.advance(300);
    expect(ended).toEqual([]);
    expect(runtime.state).toBe('appIDLE');
    await answer(50);
    expect(ended).toEqual([{ end: 'out', taken: 0 }]);
    expect(runtime.state).toBe('appDETACH');
    clock.advance(49);
    expect(detached).toEqual([]);
    clock.advance(1);
    expect(detached).toEqual([350]);
  });

  test('without bitWillDetach the reset is waited for from the answer on', async () => {
    const { port, clock, detached, answer, ended } = lateBench(false);
    port.submit(DETACH_PACKET, undefined, (result) => ended.push(result));
    clock.advance(300);
    await answer(50);
    clock.advance(49);
    port.reset();
    expect(detached).toEqual([349]);
  });

  test.each([
    ['refuses', (late: LateBench) => late.answer(undefined)],
    ['fails', (late: LateBench) => late.fail()],
  ])('and %s: stalled', async (_, act) => {
    const late = lateBench(true);
    late.port.submit(DETACH_PACKET, undefined, (result) => late.ended.push(result));
    await act(late);
    expect(late.ended).toEqual([{ end: 'stall' }]);
    expect(late.runtime.state).toBe('appIDLE');
  });

  test('after the host has given up, or reset the bus, nobody listens to the answer', async () => {
    const late = lateBench(true);
    const { port, ended, answer, runtime, clock, detached } = late;
    const first = port.submit(DETACH_PACKET, undefined, (result) => ended.push(result));
    port.cancel(first);
    port.submit(DETACH_PACKET, undefined, (result) => ended.push(result));
    await answer(10);
    expect(ended).toEqual([]);
    port.reset();
    await answer(10);
    clock.advance(1000);
    expect(ended).toEqual([{ end: 'lost' }]);
    expect(runtime.state).toBe('appIDLE');
    expect(detached).toEqual([]);
  });
});

describe('what it says of itself', () => {
  const configurationOf = (runtime: DfuRuntime): string => {
    const [bytes = new Uint8Array(0)] = deviceOf(runtime).descriptors().configurations;
    return toHex(bytes);
  };
  const detach = (): void => {};

  test('the attributes, the time-out and the transfer size of the application', () => {
    expect(configurationOf(dfuRuntime({ detach }))).toMatch(/09210bff0000081001$/);
    const ops = { detach, willDetach: false, manifestationTolerant: true, canUpload: false };
    const sizes = { detachTimeOutMs: 0x1234, maxTransferSize: 0x5678, bcdDFUVersion: 0x011a };
    expect(configurationOf(dfuRuntime({ ...ops, ...sizes }))).toMatch(/092105341278561a01$/);
    expect(configurationOf(dfuRuntime({ detach, canDnload: false }))).toMatch(/09210aff/);
  });

  test('an interface association in front of it, for composite devices', () => {
    const runtime = dfuRuntime({ detach }, { association: true });
    expect(configurationOf(runtime)).toContain('080b0001fe0101000904000000fe0101');
  });

  test('a transfer size of nothing is refused, but where the personality has it', () => {
    const ops = { detach, maxTransferSize: 0 };
    expect(() => dfuRuntime(ops)).toThrow(/wTransferSize/);
    expect(configurationOf(dfuRuntime(ops, { profile: USBD_DFU_RT }))).toMatch(
      /09210bff0000001a01$/,
    );
  });
});
