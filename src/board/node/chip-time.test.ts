import { describe, expect, test } from 'vitest';
import { ChipTime } from './chip-time.ts';
import type { MachineTime } from './chip-time.ts';
import type { EngineState } from '../index.ts';

/** An engine that does as it is told, and a clock of the world. */
function bench(time: MachineTime): {
  readonly engine: {
    nowNs: number;
    isTransferring: boolean;
    isAttached: boolean;
    state: EngineState;
    ran: number[];
    run(untilNs: number): EngineState;
  };
  readonly chip: ChipTime;
  readonly pass: (ms: number) => void;
} {
  let nowMs = 1000;
  const engine = {
    nowNs: 0,
    isTransferring: false,
    isAttached: false,
    state: { why: 'time' } as EngineState,
    ran: [] as number[],
    run(untilNs: number): EngineState {
      engine.ran.push(untilNs);
      engine.nowNs = Math.max(engine.nowNs, untilNs);
      return engine.state;
    },
  };
  const chip = new ChipTime(engine, time, () => nowMs);
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return { engine, chip, pass };
}

const order = { type: 'bus-reset' } as const;

describe('a chip in real time', () => {
  test('runs slice by slice as far as the world is, and then waits for it', () => {
    const { engine, chip, pass } = bench('real');
    pass(0.4);
    expect([chip.slice(), chip.slice()]).toEqual([0, 0]);
    expect(engine.ran[0]).toBe(250_000);
    expect(engine.ran[1]).toBeCloseTo(400_000, 0);
    expect(chip.slice()).toBe(0.05);
    expect(engine.ran).toHaveLength(2);
  });

  test('is ahead of the world to answer, at most 5 ms', () => {
    const { engine, chip } = bench('real');
    engine.isTransferring = true;
    for (let n = 0; n < 20; n += 1) expect(chip.slice()).toBe(0);
    expect(engine.nowNs).toBe(5e6);
    expect(chip.slice()).toBe(0.05);
    engine.isTransferring = false;
    expect(chip.slice()).toBeCloseTo(5, 3);
  });

  test('sleeps until something is due, and has slept when it is spoken to', () => {
    const { engine, chip, pass } = bench('real');
    pass(0.1);
    engine.state = { why: 'idle', nextNs: 40e6 };
    expect(chip.slice()).toBeCloseTo(39.9, 3);
    pass(20);
    chip.heard(order);
    expect(engine.nowNs).toBeCloseTo(20.1e6, 0);
    engine.state = { why: 'idle', nextNs: Infinity };
    pass(20);
    expect(chip.slice()).toBe(1000);
  });

  test('that is behind does not catch up', () => {
    const { engine, chip, pass } = bench('real');
    pass(1000);
    chip.slice();
    expect(engine.nowNs).toBe(250_000);
    pass(0.25);
    chip.slice();
    expect(chip.slice()).toBe(0.05);
    expect(engine.nowNs).toBe(500_000);
  });

  test('that goes round while its host is quiet gets less and less', () => {
    const { engine, chip, pass } = bench('real');
    engine.isAttached = true;
    pass(99);
    expect(chip.slice()).toBe(0);
    pass(10);
    expect(chip.slice()).toBe(2);
    pass(3000);
    expect(chip.slice()).toBe(8);
    pass(8);
    chip.heard({ type: 'ping' });
    expect(chip.slice()).toBe(8);
    pass(8);
    chip.heard(order);
    expect(chip.slice()).toBe(0);
    pass(200);
    engine.isTransferring = true;
    expect(chip.slice()).toBe(0);
  });

  test('whose program sleeps is as fast in the tenth second of quiet as in the first', () => {
    const { engine, chip, pass } = bench('real');
    engine.isAttached = true;
    // It wakes every millisecond, and works for 60 us.
    let wakesNs = 1e6;
    engine.run = (untilNs) => {
      engine.nowNs = Math.max(engine.nowNs, untilNs);
      if (engine.nowNs >= wakesNs + 60_000) wakesNs += 1e6;
      return engine.nowNs < wakesNs ? { why: 'idle', nextNs: wakesNs } : { why: 'time' };
    };
    let worldMs = 0;
    while (worldMs < 10_000) {
      const ms = Math.max(0.01, chip.slice() ?? 0);
      pass(ms);
      worldMs += ms;
    }
    expect(Math.abs(worldMs - engine.nowNs / 1e6)).toBeLessThan(2);
  });

  test('stands still while it is halted, its time, too', () => {
    const { engine, chip, pass } = bench('real');
    pass(0.1);
    engine.state = { why: 'halted' };
    expect(chip.slice()).toBe(1000);
    pass(5000);
    engine.state = { why: 'time' };
    chip.heard({ type: 'resume', how: 'run' });
    pass(0.1);
    chip.slice();
    expect(engine.nowNs).toBeCloseTo(200_000, 0);
  });

  test('is over when it is', () => {
    const { engine, chip, pass } = bench('real');
    pass(1);
    engine.state = { why: 'over' };
    expect(chip.slice()).toBeUndefined();
  });
});

test('a fast chip waits for nothing while it executes, and sleeps where it sleeps', () => {
  const { engine, chip, pass } = bench('fast');
  pass(0.1);
  for (let n = 0; n < 100; n += 1) expect(chip.slice()).toBe(0);
  expect(engine.nowNs).toBeCloseTo(100 * 250_000, 0);
  engine.state = { why: 'idle', nextNs: engine.nowNs + 10e6 };
  expect(chip.slice()).toBeGreaterThan(9);
  const { nowNs } = engine;
  expect(chip.slice()).toBeGreaterThan(0);
  expect(engine.nowNs).toBe(nowNs);
});
