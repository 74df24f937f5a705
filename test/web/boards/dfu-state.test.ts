import type { ControlRecord } from 'dfukit/trace';
import { describe, expect, test } from 'vitest';
import { dfuStateAfter } from '../../../web/boards/dfu-state.ts';

const DETACH = 0;
const DNLOAD = 1;
const UPLOAD = 2;
const GETSTATUS = 3;
const CLRSTATUS = 4;

const passed = (bRequest: number, more: Partial<ControlRecord> = {}): ControlRecord => ({
  type: 'control',
  ms: 0,
  tookMs: 0,
  pipe: 1,
  setup: {
    bmRequestType: bRequest === GETSTATUS ? 0xa1 : 0x21,
    bRequest,
    wValue: 0,
    wIndex: 0,
    wLength: 0,
  },
  end: 'ok',
  ...more,
});
const sized = (bRequest: number, wLength: number): ControlRecord => {
  const record = passed(bRequest);
  return { ...record, setup: { ...record.setup, wLength } };
};

describe('the state behind a transfer', () => {
  test('DFU_DETACH leads out of run-time only: DFU mode has no appDETACH', () => {
    expect(dfuStateAfter(passed(DETACH), undefined)).toBe('appDETACH');
    expect(dfuStateAfter(passed(DETACH), 'appIDLE')).toBe('appDETACH');
    for (const state of ['dfuIDLE', 'dfuMANIFEST', 'dfuMANIFEST-WAIT-RESET', 'dfuERROR'] as const)
      expect(dfuStateAfter(passed(DETACH), state)).toBe(state);
    expect(dfuStateAfter(passed(DETACH, { end: 'stall' }), 'dfuIDLE')).toBe('dfuERROR');
    expect(dfuStateAfter(passed(DETACH, { end: 'stall' }), 'appIDLE')).toBe('appIDLE');
  });

  test('follows a download, and what the device says goes before what is expected', () => {
    expect(dfuStateAfter(sized(DNLOAD, 64), 'dfuIDLE')).toBe('dfuDNLOAD-SYNC');
    expect(dfuStateAfter(sized(DNLOAD, 0), 'dfuDNLOAD-IDLE')).toBe('dfuMANIFEST-SYNC');
    const busy = passed(GETSTATUS, { data: Uint8Array.of(0, 16, 0, 0, 4, 0) });
    expect(dfuStateAfter(busy, 'dfuDNLOAD-SYNC')).toBe('dfuDNBUSY');
    const torn = passed(GETSTATUS, { data: Uint8Array.of(0, 16) });
    expect(dfuStateAfter(torn, 'dfuDNLOAD-SYNC')).toBe('dfuDNLOAD-SYNC');
    const short = { ...sized(UPLOAD, 64), data: new Uint8Array(63) };
    expect(dfuStateAfter(short, 'dfuUPLOAD-IDLE')).toBe('dfuIDLE');
    expect(dfuStateAfter(passed(CLRSTATUS), 'dfuERROR')).toBe('dfuIDLE');
  });

  test('is unknown when the device has gone, and unmoved by what is not for DFU', () => {
    expect(dfuStateAfter(passed(GETSTATUS, { end: 'gone' }), 'dfuIDLE')).toBeUndefined();
    const standard = passed(GETSTATUS, { end: 'stall' });
    const setup = { ...standard.setup, bmRequestType: 0x80 };
    expect(dfuStateAfter({ ...standard, setup }, 'dfuIDLE')).toBe('dfuIDLE');
  });
});
