import { describe, expect, test, vi } from 'vitest';
import { FlowBench, plainImage, riotImage } from '../../test/support/flow-bench.ts';
import { turn } from '../../test/support/same-thread.ts';
import { DfuError } from '../bytes/index.ts';
import type { HostEvent } from '../host/index.ts';
import type { UsbBus } from '../usb/index.ts';
import { flashFlow } from './index.ts';
import type { FlashFlow, FlowState } from './index.ts';

const next = riotImage(1, 2);
const invalid = expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as unknown;

/** A bench with a board in run-time mode, and a flow that has a file for it. */
async function chosen(): Promise<{ readonly bench: FlowBench; readonly flow: FlashFlow }> {
  const bench = new FlowBench();
  await bench.xenon(riotImage(0, 1));
  const flow = await bench.connected({ alternate: 1 });
  await bench.done(flow.chooseFile('next.bin', next));
  return { bench, flow };
}

/** Something that happens as soon as the flow is in that state. */
function when(flow: FlashFlow, fits: (state: FlowState) => boolean, then: () => void): void {
  const stop = flow.subscribe((state) => {
    if (!fits(state)) return;
    stop();
    then();
  });
}

const inPhase =
  (phase: string, leastBytes = 0) =>
  (state: FlowState): boolean =>
    state.step === 'working' &&
    state.progress.phase === phase &&
    state.progress.doneBytes >= leastBytes;

describe('a flow', () => {
  test('goes from run-time mode to the new firmware, and says each step', async () => {
    const { bench, flow } = await chosen();
    expect(flow.state).toMatchObject({
      step: 'chosen',
      device: { name: 'particle-xenon', id: '1209:7d00', mode: 'runtime', version: '0.01' },
      file: { name: 'next.bin', sizeBytes: next.length, isReady: true, refused: undefined },
    });
    await bench.done(flow.flash());
    expect(bench.steps).toEqual([
      'connecting',
      'connected',
      'reading',
      'chosen',
      'detach',
      'prepare',
      'download',
      'manifest',
      'application',
      'ended',
    ]);
    expect(flow.state).toMatchObject({
      ending: {
        outcome: 'written',
        rating: 'good',
        runs: '0.02',
        remedy: undefined,
        code: undefined,
        said: {
          text: expect.stringMatching(
            /^Done: the device has acknowledged all \d+ bytes, and version 0.02 runs.$/,
          ) as string,
        },
      },
    });
    // And again from there.
    await bench.done(flow.connect());
    expect(flow.state).toMatchObject({ step: 'connected', device: { version: '0.02' } });
  });

  test('tells progress with a rate, and the time that is left', async () => {
    const bench = new FlowBench();
    await bench.board('stm32f072b_disco');
    const flow = await bench.connected({ waitForApplication: false });
    await bench.done(flow.chooseFile('big.bin', plainImage('stm32f072b_disco', 'x', 100_000)));
    await bench.done(flow.flash());
    const all = bench.states.flatMap((state) => (state.step === 'working' ? [state.progress] : []));
    const downloads = all.filter(({ phase }) => phase === 'download');
    expect(downloads.length).toBeGreaterThan(10);
    const last = downloads.at(-1);
    expect(last?.doneBytes).toBe(last?.totalBytes);
    expect(last?.remainingMs).toBe(0);
    const half = downloads[Math.floor(downloads.length / 2)];
    expect(half?.bytesPerSecond).toBeGreaterThan(1000);
    const left = (half?.totalBytes ?? 0) - (half?.doneBytes ?? 0);
    expect(half?.remainingMs).toBeCloseTo((left * 1000) / (half?.bytesPerSecond ?? 1));
    expect(flow.state).toMatchObject({
      ending: { outcome: 'verified', rating: 'good', said: { id: 'ended-verified' } },
    });
  });

  test('needs a bus', () => {
    expect(() => flashFlow({} as never)).toThrow('bus: expected a UsbBus, got undefined');
    expect(() => flashFlow({ bus: 7 } as never)).toThrow('bus: expected a UsbBus, got number');
  });

  test('is on real time unless told otherwise', () => {
    const { bus } = new FlowBench();
    expect(flashFlow({ bus }).log()).toMatch(/^ +0\.\d{3} {2}dfukit \d/);
  });
});

describe('what does not belong to a state', () => {
  const calls: Readonly<Record<string, (flow: FlashFlow) => Promise<void>>> = {
    connect: (flow) => flow.connect(),
    chooseDevice: (flow) => flow.chooseDevice({} as never),
    chooseOffer: (flow) => flow.chooseOffer({ file: { url: 'x' } } as never),
    chooseFile: (flow) => flow.chooseFile('x', new Uint8Array(1)),
    chooseAlternate: (flow) => flow.chooseAlternate(7),
    chooseErase: (flow) => flow.chooseErase('all'),
    flash: (flow) => flow.flash(),
    allow: (flow) => flow.allow(),
  };
  const allowed: Readonly<Record<string, readonly string[]>> = {
    idle: ['connect'],
    connected: ['chooseOffer', 'chooseFile'],
    chosen: ['chooseOffer', 'chooseFile', 'flash'],
    ended: ['connect'],
  };

  async function at(
    step: string,
  ): Promise<{ readonly bench: FlowBench; readonly flow: FlashFlow }> {
    if (step === 'chosen' || step === 'ended') {
      const both = await chosen();
      if (step === 'ended') await both.bench.done(both.flow.flash());
      return both;
    }
    const bench = new FlowBench();
    await bench.xenon();
    return { bench, flow: step === 'idle' ? bench.flow() : await bench.connected() };
  }

  const table = Object.keys(allowed).flatMap((step) =>
    Object.keys(calls).flatMap((call) =>
      allowed[step]?.includes(call) === true ? [] : [[call, step] as const],
    ),
  );
  test.each(table)('%s throws while it is %s, and changes nothing', async (call, step) => {
    const { flow } = await at(step);
    const { state } = flow;
    expect(state.step).toBe(step);
    await expect(calls[call]?.(flow)).rejects.toEqual(invalid);
    expect(flow.state).toBe(state);
  });

  test('two at once: the second is told that it does not belong', async () => {
    const bench = new FlowBench();
    await bench.xenon();
    const flow = bench.flow({ alternate: 0 });
    const first = flow.connect();
    await expect(flow.connect()).rejects.toThrow(
      'connect: expected a flow that is "idle" or "unsupported" or "ended", it is "connecting"',
    );
    await bench.done(first);
    const reading = flow.chooseFile('a', next);
    await expect(flow.chooseFile('b', next)).rejects.toEqual(invalid);
    await bench.done(reading);
    const work = flow.flash();
    await expect(flow.flash()).rejects.toEqual(invalid);
    await expect(flow.allow()).rejects.toThrow('allow: nobody is asked for anything now');
    await bench.done(work);
    expect(flow.state).toMatchObject({ step: 'ended', file: { name: 'a' } });
  });

  test.each([undefined, 'firmware', {}, [1, 2]])('%j is no file', async (file) => {
    const bench = new FlowBench();
    await bench.xenon();
    const flow = await bench.connected();
    await expect(flow.chooseFile('x', file as never)).rejects.toThrow('chooseFile: expected bytes');
    expect(flow.state.step).toBe('connected');
  });
});

describe('listeners', () => {
  test('are told each state once, in order, until they are taken off', async () => {
    const bench = new FlowBench();
    await bench.xenon();
    const flow = bench.flow();
    const told: string[] = [];
    const listener = ({ step }: FlowState): void => void told.push(step);
    const stop = [flow.subscribe(listener), flow.subscribe(listener)];
    await bench.done(flow.connect());
    expect(told).toEqual(['connecting', 'connecting', 'connected', 'connected']);
    stop[0]?.();
    stop[0]?.();
    await flow.cancel();
    expect(told.slice(4)).toEqual(['idle']);
    stop[1]?.();
    await bench.done(flow.connect());
    expect(told).toHaveLength(5);
  });

  test('that throw stop nothing', async () => {
    const bench = new FlowBench();
    await bench.xenon();
    const flow = flashFlow({
      bus: bench.bus,
      clock: bench.clock,
      alternate: 0,
      onEvent: () => {
        throw new Error('of an event');
      },
    });
    const after = vi.fn<(state: FlowState) => void>();
    flow.subscribe(() => {
      throw new Error('of a state');
    });
    flow.subscribe(after);
    await bench.done(flow.connect());
    await bench.done(flow.chooseFile('a', riotImage(0, 1)));
    await bench.done(flow.flash());
    expect(flow.state).toMatchObject({ step: 'ended', ending: { rating: 'good' } });
    expect(after).toHaveBeenLastCalledWith(flow.state);
    expect(flow.log()).toContain('a listener has thrown: Error: of a state');
    expect(flow.log()).toContain('a listener has thrown: Error: of an event');
  });

  test('may go on from within', async () => {
    const bench = new FlowBench();
    await bench.xenon();
    const flow = bench.flow();
    const told: string[] = [];
    let cancelled: Promise<void> | undefined;
    flow.subscribe(({ step }) => {
      if (step === 'connecting') cancelled = flow.cancel();
    });
    flow.subscribe(({ step }) => void told.push(step));
    await bench.done(flow.connect());
    await cancelled;
    expect(flow.state).toEqual({ step: 'idle', problem: undefined });
    expect(told).toEqual(['connecting', 'idle']);
  });

  test('hear all that the host tells', async () => {
    const bench = new FlowBench();
    await bench.xenon(riotImage(0, 1));
    const events: HostEvent[] = [];
    const flow = await bench.connected({ alternate: 1, onEvent: (event) => events.push(event) });
    expect(events).toEqual([]);
    await bench.done(flow.chooseFile('a', next));
    expect(events).toEqual([]);
    await bench.done(flow.flash());
    const types = events.map(({ type }) => type);
    expect(types.filter((type, index) => type !== types[index - 1])).toEqual([
      'selected',
      'detaching',
      'returned',
      'selected',
      'ready',
      'progress',
      'manifesting',
      'downloaded',
      'application',
    ]);
  });
});

describe('cancelled', () => {
  test('where nothing was begun: nothing is', async () => {
    const { bench, flow } = await chosen();
    await flow.cancel();
    expect(flow.state).toEqual({ step: 'idle', problem: undefined });
    await flow.cancel();
    expect(bench.steps.slice(-2)).toEqual(['chosen', 'idle']);
    await bench.done(flow.connect());
    await flow.cancel();
    expect(flow.state.step).toBe('idle');
  });

  test('while a device is looked for', async () => {
    const bench = new FlowBench();
    const list = (): Promise<never> => new Promise(() => {});
    const silent = { list, watch: () => () => {}, close: () => Promise.resolve() } as UsbBus;
    const request = (): Promise<never> => new Promise(() => {});
    const bus: UsbBus = { ...silent, list: () => Promise.resolve([]), request };
    const flow = bench.flow({ bus });
    const connecting = flow.connect();
    await turn();
    await flow.cancel();
    await connecting;
    expect(flow.state).toEqual({ step: 'idle', problem: undefined });
  });

  test.each([
    ['detach', 'unchanged', 'cancelled-unchanged', undefined],
    ['prepare', 'unchanged', 'cancelled-unchanged', undefined],
    // It has all of it, and has not said that it took it over.
    ['manifest', 'partly-written', 'cancelled-partly', 'do-again'],
    ['application', 'unconfirmed', 'cancelled-unconfirmed', 'do-look'],
  ])('in phase %s it is %s', async (phase, outcome, id, remedy) => {
    const { bench, flow } = await chosen();
    when(flow, inPhase(phase), () => void flow.cancel());
    await bench.done(flow.flash());
    expect(flow.state).toMatchObject({
      step: 'ended',
      ending: {
        outcome,
        code: 'ABORTED',
        rating: outcome === 'unconfirmed' ? 'unknown' : 'bad',
        said: { id, values: { bytes: outcome === 'unconfirmed' ? next.length : 0 } },
        ...(remedy && { remedy: { id: remedy } }),
      },
    });
  });

  test.each(['erase', 'download', 'verify'])(
    'in the middle of %s it is partly written, and the device is in order',
    async (phase) => {
      const bench = new FlowBench();
      await bench.board('stm32f072b_disco');
      const flow = await bench.connected();
      await bench.done(flow.chooseFile('big.bin', plainImage('stm32f072b_disco', 'x', 20_000)));
      when(flow, inPhase(phase, 1), () => void flow.cancel());
      await bench.done(flow.flash());
      expect(flow.state).toMatchObject({
        step: 'ended',
        ending: {
          outcome: 'partly-written',
          rating: 'bad',
          code: 'ABORTED',
          said: { id: 'cancelled-partly' },
          remedy: { id: 'do-again' },
        },
      });
      // It takes the file from the beginning.
      await bench.done(flow.connect());
      await bench.done(flow.chooseFile('big.bin', plainImage('stm32f072b_disco', 'x', 20_000)));
      await bench.done(flow.flash());
      expect(flow.state).toMatchObject({ ending: { said: { id: 'ended-silent' } } });
    },
  );
});

describe('the cable is pulled', () => {
  test.each(['connected', 'chosen'])('while it is %s: nothing was begun', async (step) => {
    const bench = new FlowBench();
    const { plug } = await bench.xenon(riotImage(0, 1));
    const flow = await bench.connected({ alternate: 1 });
    if (step === 'chosen') await bench.done(flow.chooseFile('a', next));
    plug.unplug();
    await turn();
    expect(flow.state).toEqual({
      step: 'idle',
      problem: expect.objectContaining({ code: 'DISCONNECTED' }) as unknown,
    });
    plug.replug();
    await bench.done(flow.connect());
    expect(flow.state.step).toBe('connected');
  });

  test('while the file is read', async () => {
    const bench = new FlowBench();
    const { plug } = await bench.xenon(riotImage(0, 1));
    const flow = await bench.connected({ alternate: 1 });
    when(
      flow,
      ({ step }) => step === 'reading',
      () => plug.unplug(),
    );
    await bench.done(flow.chooseFile('a', next));
    await turn();
    expect(flow.state).toMatchObject({ step: 'idle', problem: { code: 'DISCONNECTED' } });
  });

  test.each([
    ['detach', 0, 'unchanged'],
    ['prepare', 0, 'unchanged'],
    ['download', 1, 'partly-written'],
    ['download', 700, 'partly-written'],
  ])('in phase %s behind %i bytes: %s', async (phase, bytes, outcome) => {
    const isWhole = outcome === 'unchanged';
    const bench = new FlowBench();
    const { plug } = await bench.xenon(...(phase === 'detach' ? [undefined, riotImage(1, 1)] : []));
    const flow = await bench.connected({
      alternate: 0,
      onEvent: (event) => {
        if (phase === 'prepare' ? event.type === 'ready' : event.type === 'detaching')
          plug.unplug();
        if (event.type !== 'progress' || phase !== 'download' || event.doneBytes < bytes) return;
        plug.unplug();
      },
    });
    await bench.done(flow.chooseFile('a', riotImage(0, 2)));
    await bench.done(flow.flash());
    expect(flow.state).toMatchObject({
      step: 'ended',
      ending: {
        outcome,
        rating: 'bad',
        said: { id: isWhole ? 'gone-unchanged' : 'gone-partly' },
        remedy: { id: isWhole ? 'do-replug' : 'do-again' },
      },
    });
    expect(flow.state).not.toMatchObject({ ending: { code: 'ABORTED' } });
  });

  test('while the application is waited for: all is written, and nobody knows more', async () => {
    const bench = new FlowBench();
    const { plug } = await bench.xenon(riotImage(0, 1));
    const flow = await bench.connected({ alternate: 1 });
    await bench.done(flow.chooseFile('a', next));
    when(flow, inPhase('application'), () => plug.unplug());
    await bench.done(flow.flash());
    expect(flow.state).toMatchObject({
      ending: { outcome: 'unconfirmed', rating: 'unknown', said: { id: 'ended-silent' } },
    });
  });

  test('between two looks: it is gone, and nothing was written', async () => {
    const { bench, flow } = await chosen();
    const bus = bench.bus as { list: UsbBus['list'] };
    bus.list = () => Promise.resolve([]);
    await bench.done(flow.flash());
    expect(flow.state).toMatchObject({
      ending: { outcome: 'unchanged', code: 'DISCONNECTED', said: { id: 'gone-unchanged' } },
    });
  });

  test.each([
    ['BUSY', 'failed-unchanged', 'do-other-program'],
    ['ACCESS', 'failed-unchanged', 'do-other-program'],
    ['TIMEOUT', 'silent-unchanged', 'do-replug'],
  ] as const)(
    'between two looks, but it is there (%s): it was not unplugged',
    async (code, said, remedy) => {
      const { bench, flow } = await chosen();
      const bus = bench.bus as { list: UsbBus['list'] };
      const [device] = await bus.list();
      const open = (): Promise<never> => Promise.reject(new DfuError(code, 'another flow has it'));
      bus.list = () => Promise.resolve(device === undefined ? [] : [{ ...device, open }]);
      await bench.done(flow.flash());
      expect(flow.state).toMatchObject({
        ending: { outcome: 'unchanged', code, said: { id: said }, remedy: { id: remedy } },
      });
    },
  );
});

describe('a bus that fails', () => {
  function failing(error: unknown): UsbBus {
    const bus = new FlowBench().bus as UsbBus & { list: UsbBus['list'] };
    bus.list = async () => {
      await turn();
      throw error;
    };
    return bus;
  }

  test('is no USB at all', async () => {
    const bench = new FlowBench();
    const bus = failing(new DfuError('NO_USB', 'this browser has no WebUSB'));
    const flow = await bench.connected({ bus });
    expect(flow.state).toMatchObject({
      step: 'unsupported',
      why: 'no-usb',
      said: { text: 'There is no USB here: this browser has no WebUSB' },
    });
    await bench.done(flow.connect());
    await flow.cancel();
    expect(flow.state.step).toBe('unsupported');
  });

  test.each([
    [new DfuError('ACCESS', 'no'), 'ACCESS'],
    [new TypeError('broken'), 'IO'],
    ['broken', 'IO'],
  ])('%s is a problem', async (error, code) => {
    const flow = await new FlowBench().connected({ bus: failing(error) });
    expect(flow.state).toMatchObject({
      step: 'idle',
      problem: { code, said: { id: 'connect-failed' } },
    });
  });
});
