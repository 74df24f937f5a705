import { describe, expect, test } from 'vitest';
import { createEndpoints } from './usb-endpoints.ts';

/* Endpoint 1, whose buffers programs may double (RP2040 datasheet §4.1.2.5). */

const IN_CONTROL = 0x08;
const OUT_CONTROL = 0x0c;
const IN_BUFFER = 0x88;
const OUT_BUFFER = 0x8c;
const ENABLE = 0x80000000;
const DOUBLE = 0x40000000;
const EACH = 0x20000000;
const BOTH = 0x10000000;
const READY = 0x400;
const FULL = 0x8000;
const FROM_FIRST = 0x1000;

function made() {
  const memory = new Uint8Array(0x1000);
  const view = new DataView(memory.buffer);
  const endpoints = createEndpoints(memory);
  const put = (offset: number, value: number): boolean => {
    view.setUint32(offset, value >>> 0, true);
    return endpoints.armed(offset);
  };
  const get = (offset: number): number => view.getUint32(offset, true);
  return { memory, endpoints, put, get };
}

describe('an endpoint of one buffer', () => {
  test('answers when it is enabled and armed', () => {
    const { memory, endpoints, put, get } = made();
    expect(endpoints.take(1, 0)).toEqual({ type: 'none' });
    expect(endpoints.give(1, { bytes: new Uint8Array(1), pid: 0, control: 0 })).toBe('nak');
    expect(put(IN_CONTROL, ENABLE | EACH | 0x180)).toBe(false);
    expect(endpoints.take(1, 0)).toEqual({ type: 'nak' });
    memory.set([7, 8, 9], 0x180);
    expect(put(IN_BUFFER, 3 | READY | FULL)).toBe(true);
    expect(endpoints.take(1, 0)).toEqual({ type: 'data', bytes: Uint8Array.of(7, 8, 9), pid: 0 });
    expect(get(IN_BUFFER) & (READY | FULL)).toBe(0);
    expect(endpoints.done).toBe(4);
    endpoints.clearDone(4);
    expect(endpoints.done).toBe(0);
    expect(put(IN_BUFFER, 0x800)).toBe(true);
    expect(endpoints.take(1, 0)).toEqual({ type: 'stall' });
  });

  test('takes what fits', () => {
    const { memory, endpoints, put, get } = made();
    put(OUT_CONTROL, ENABLE | EACH | 0x1c0);
    put(OUT_BUFFER, 64 | READY);
    const bytes = Uint8Array.of(1, 2);
    expect(endpoints.give(1, { bytes, pid: 1, control: 0 })).toBe('wrong-pid');
    expect(endpoints.give(1, { bytes: new Uint8Array(1024), pid: 0, control: 0 })).toBe('overflow');
    expect(endpoints.give(1, { bytes, pid: 0, control: 0 })).toBe('ack');
    expect(get(OUT_BUFFER)).toBe(2 | FULL);
    expect([...memory.subarray(0x1c0, 0x1c2)]).toEqual([1, 2]);
    expect(endpoints.done).toBe(8);
  });
});

describe('endpoint 0', () => {
  const bytes = new Uint8Array(0);

  test('stalls what is armed to, and until a SETUP comes', () => {
    const { endpoints, put } = made();
    put(0x80, 0x800);
    put(0x84, 0x800);
    const answers = () => [
      endpoints.take(0, 0).type,
      endpoints.give(0, { bytes, pid: 1, control: 0 }),
    ];
    expect(answers()).toEqual(['nak', 'nak']);
    endpoints.armStall(1);
    expect(answers()).toEqual(['stall', 'nak']);
    endpoints.armStall(3);
    expect(answers()).toEqual(['stall', 'stall']);
    endpoints.setup();
    expect(endpoints.stallArmed).toBe(0);
    expect(answers()).toEqual(['nak', 'nak']);
  });
});

describe('an endpoint of two buffers', () => {
  test('takes turns, and tells of each or of both', () => {
    const { memory, endpoints, put } = made();
    memory.set([1], 0x180);
    memory.set([2], 0x1c0);
    const both = (((1 | READY | FULL | 0x2000) << 16) | 1 | READY | FULL | FROM_FIRST) >>> 0;
    put(IN_CONTROL, ENABLE | DOUBLE | BOTH | 0x180);
    put(IN_BUFFER, both);
    expect(endpoints.take(1, 0)).toEqual({ type: 'data', bytes: Uint8Array.of(1), pid: 0 });
    expect(endpoints.done).toBe(0);
    expect(endpoints.take(1, 0)).toEqual({ type: 'data', bytes: Uint8Array.of(2), pid: 1 });
    expect(endpoints.done).toBe(4);
    expect(endpoints.second).toBe(4);

    endpoints.clearDone(4);
    put(IN_CONTROL, ENABLE | DOUBLE | EACH | 0x180);
    put(IN_BUFFER, both);
    endpoints.take(1, 0);
    expect(endpoints.done).toBe(4);
    // One is enough, and begins at the first again.
    put(IN_BUFFER, 1 | READY | FULL | FROM_FIRST);
    expect(endpoints.take(1, 0)).toMatchObject({ type: 'data', pid: 0 });
    endpoints.reset();
    expect([endpoints.done, endpoints.second]).toEqual([0, 0]);
    put(IN_CONTROL, ENABLE | DOUBLE | BOTH | 0x180);
    put(IN_BUFFER, 1 | READY | FULL | FROM_FIRST);
    endpoints.take(1, 0);
    expect(endpoints.done).toBe(4);
    endpoints.abort(4);
    put(IN_BUFFER, 1 | READY | FULL);
    expect(endpoints.take(1, 0)).toMatchObject({ type: 'data' });
  });
});
