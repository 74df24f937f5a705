import { describe, expect, test } from 'vitest';
import { chipModel } from '../../chip/index.ts';
import type { DebugRequest, DebugStart, DebugStop } from '../debug/target.ts';
import { MachineEngine } from './engine.ts';
import type { MachineNotice } from './protocol.ts';
import { machineFixture } from '../../../test/support/machine/fixture.ts';

const built = (name: string): Uint8Array => machineFixture(`rp2040/${name}.bin`);

interface Bench {
  readonly engine: MachineEngine;
  readonly told: MachineNotice[];
  /** What of the notices is of that type. */
  readonly of: <T extends MachineNotice['type']>(type: T) => Extract<MachineNotice, { type: T }>[];
  /** Runs it until nothing happens, or to that time. */
  readonly run: (untilNs: number) => void;
}

function bench(name: string, debug?: DebugStart): Bench {
  const model = chipModel('RP2040');
  if (model === undefined) throw new Error('no model');
  const bytes = new Uint8Array(0x200000).fill(0xff);
  bytes.set(built(name));
  const told: MachineNotice[] = [];
  const engine = new MachineEngine(
    {
      model,
      cause: 'power-on',
      ram: new Uint8Array(model.ram.sizeBytes),
      retained: new Uint8Array(model.retainedBytes),
      uniqueId: new Uint8Array(8),
      flash: {
        bytes,
        program: (at, data) =>
          data.forEach((byte, n) => (bytes[at + n] = (bytes[at + n] ?? 0) & byte)),
        erase: (at, length) => void bytes.fill(0xff, at, at + length),
      },
      debug,
    },
    (notice) => told.push(notice),
  );
  const of = <T extends MachineNotice['type']>(type: T): Extract<MachineNotice, { type: T }>[] =>
    told.filter((each): each is Extract<MachineNotice, { type: T }> => each.type === type);
  const run = (untilNs: number): void => {
    for (let left = 10_000; left > 0; left -= 1) {
      const state = engine.run(untilNs);
      if (state.why === 'over' || state.why === 'halted') return;
      if (engine.nowNs >= untilNs) return;
    }
  };
  return { engine, told, of, run };
}

const text = (notices: readonly { readonly bytes: Uint8Array }[]): string =>
  notices.map(({ bytes }) => new TextDecoder().decode(bytes)).join('');

describe('an engine', () => {
  test('tells what is printed, of its pins and of its device', () => {
    const { engine, of, run } = bench('dfu');
    engine.take({ type: 'cable', in: true });
    run(200e6);
    expect(text(of('console'))).toContain('fixture up');
    expect(of('pin')).toContainEqual({ type: 'pin', name: 'GPIO25', level: true });
    const [attached] = of('attached');
    expect([attached?.device.length, attached?.configurations.length]).toEqual([18, 1]);
    engine.take({ type: 'cable', in: false });
    expect(of('detached')).toHaveLength(1);
    engine.take({ type: 'ping' });
    expect(of('pong')).toHaveLength(1);
  });

  test('carries out a transfer, and comes back with its answer', () => {
    const { engine, of, run } = bench('dfu');
    engine.take({ type: 'cable', in: true });
    run(200e6);
    const setup = Uint8Array.of(0x80, 6, 0, 1, 0, 0, 18, 0);
    engine.take({ type: 'submit', id: 7, setup });
    expect(engine.isTransferring).toBe(true);
    expect(engine.run(210e6)).toEqual({ why: 'answered' });
    expect(engine.nowNs).toBeLessThan(202e6);
    expect(of('ended')).toMatchObject([{ id: 7, result: { end: 'in' } }]);
    engine.take({ type: 'configure', value: 1 });
    engine.take({ type: 'submit', id: 8, setup: Uint8Array.of(0x80, 8, 0, 0, 0, 0, 1, 0) });
    run(220e6);
    expect(of('ended')[1]).toMatchObject({ result: { bytes: Uint8Array.of(1) } });
    engine.take({ type: 'bus-reset' });
    engine.take({ type: 'submit', id: 9, setup: Uint8Array.of(0x80, 8, 0, 0, 0, 0, 1, 0) });
    run(250e6);
    expect(of('ended')[2]).toMatchObject({ result: { bytes: Uint8Array.of(0) } });
  });

  test('says until when it sleeps', () => {
    const { engine, run } = bench('dfu');
    run(200e6);
    expect(engine.run(210e6)).toEqual({ why: 'idle', nextNs: Infinity });
    expect(engine.nowNs).toBeCloseTo(210e6, -3);
  });

  test('that was stopped tells and hears nothing', () => {
    const { engine, told } = bench('dfu');
    engine.stop();
    engine.take({ type: 'ping' });
    expect([engine.run(1e9), told]).toEqual([{ why: 'over' }, []]);
  });
});

describe('an engine that is debugged', () => {
  const start: DebugStart = { halted: true, breakpoints: [], watch: true };
  const pc = (engine: MachineEngine, of: Bench['of']): number => {
    engine.take({ type: 'ask', id: 1, request: { type: 'registers' } });
    const answer = of('answer').at(-1)?.answer;
    return answer?.type === 'registers' ? (answer.values[15] ?? 0) : -1;
  };

  test('stands before its first instruction', () => {
    const { engine, of } = bench('dfu', start);
    expect(engine.run(1e6)).toEqual({ why: 'halted' });
    expect(of('stopped')).toEqual([{ type: 'stopped', stop: { reason: 'start' } }]);
  });

  test('runs to a breakpoint', () => {
    // The reset handler of the program, behind ROM and second stage.
    const entry = new DataView(Uint8Array.from(built('dfu')).buffer).getUint32(0x104, true) & ~1;
    const { engine, of } = bench('dfu', { halted: false, breakpoints: [entry], watch: true });
    expect(engine.run(10e6)).toEqual({ why: 'halted' });
    expect([of('stopped')[0]?.stop, pc(engine, of)]).toEqual([{ reason: 'breakpoint' }, entry]);
    engine.take({ type: 'resume', how: 'run' });
    expect(engine.run(20e6).why).toBe('idle');
  });

  test('is halted in the middle of its work', () => {
    const { engine, of, run } = bench('dfu', { ...start, halted: false });
    run(20e6);
    engine.take({ type: 'halt' });
    engine.take({ type: 'halt' });
    expect([engine.run(30e6), of('stopped').map(({ stop }) => stop)]).toEqual([
      { why: 'halted' },
      [{ reason: 'halt' }],
    ]);
    expect(engine.nowNs).toBeCloseTo(20e6, -3);
    engine.take({ type: 'resume', how: 'run' });
    expect(engine.run(30e6).why).toBe('idle');
  });

  test('steps to a BKPT, to a lock-up, and where nothing is executed any more', () => {
    const { engine, of } = bench('dfu', start);
    const ask = (request: DebugRequest): void => engine.take({ type: 'ask', id: 2, request });
    const step = (): DebugStop | undefined => {
      engine.take({ type: 'resume', how: 'step' });
      expect(engine.run(1e9)).toEqual({ why: 'halted' });
      return of('stopped').at(-1)?.stop;
    };
    // NOP, BKPT, UDF in RAM.
    const [code, ram] = [Uint8Array.of(0x00, 0xbf, 0x00, 0xbe, 0x00, 0xde), 0x2000_1000];
    ask({ type: 'write', address: ram, bytes: code });
    ask({ type: 'set-register', register: 15, value: ram });
    expect([step(), pc(engine, of)]).toEqual([{ reason: 'step' }, ram + 2]);
    expect([step(), step()]).toEqual([{ reason: 'breakpoint' }, { reason: 'breakpoint' }]);
    ask({ type: 'set-register', register: 15, value: ram + 4 });
    // As if its HardFault were being handled.
    ask({ type: 'set-register', register: 16, value: 0x0100_0003 });
    expect(step()).toEqual({ reason: 'step' });
    const told = of('stopped').length;
    expect([step(), step()]).toMatchObject([{ reason: 'fault' }, { reason: 'fault' }]);
    expect(of('stopped')).toHaveLength(told + 2);
    expect(of('fault')).toHaveLength(1);
    engine.take({ type: 'resume', how: 'run' });
    expect(engine.run(2e9).why).not.toBe('halted');
    engine.take({ type: 'halt' });
    expect(of('stopped').at(-1)?.stop).toEqual({ reason: 'halt' });
  });
});
