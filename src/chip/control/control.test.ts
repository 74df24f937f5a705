import { describe, expect, test } from 'vitest';
import { FakePort, fakeDescriptors } from '../../../test/support/machine/fake-port.ts';
import type { FakeAnswer } from '../../../test/support/machine/fake-port.ts';
import { UsbHost } from './usb-host.ts';
import type { ControlEnd } from './transfer.ts';

interface Bench {
  readonly port: FakePort;
  readonly host: UsbHost;
  readonly said: string[];
  readonly log: string[];
  /** Lets the chip's time pass until nothing is due. */
  readonly run: (ns?: number) => void;
  readonly send: (setup: readonly number[], data?: Uint8Array) => ControlEnd | undefined;
}

function bench(firmware: (setup: Uint8Array) => FakeAnswer = fakeDescriptors()): Bench {
  const port = new FakePort(firmware);
  const said: string[] = [];
  const log: string[] = [];
  let nowNs = 0;
  const host = new UsbHost(port, {
    attached: ({ configurations }) => said.push(`attached ${configurations.length}`),
    detached: () => said.push('detached'),
    log: (line) => log.push(line),
  });
  const run = (ns = 1e9): void => {
    const end = nowNs + ns;
    for (let due = host.step(nowNs); due <= end; due = host.step(nowNs)) nowNs = due;
    nowNs = end;
  };
  const send = (setup: readonly number[], data?: Uint8Array): ControlEnd | undefined => {
    let end: ControlEnd | undefined;
    host.submit({ setup: Uint8Array.from(setup), data, ended: (result) => (end = result) });
    run();
    return end;
  };
  return { port, host, said, log, run, send };
}

function attached(firmware?: (setup: Uint8Array) => FakeAnswer): Bench {
  const descriptors = fakeDescriptors();
  const made = bench((setup) =>
    firmware !== undefined && ((setup[0] ?? 0) & 0x60) !== 0 ? firmware(setup) : descriptors(setup),
  );
  made.host.setVbus(true);
  made.port.pulledUp = true;
  made.host.changed();
  made.run();
  made.port.tokens.length = 0;
  return made;
}

const setConfiguration = [0, 9, 1, 0, 0, 0, 0, 0];
const vendorIn = (length: number): number[] => [0xc0, 1, 0, 0, 0, 0, length & 0xff, length >> 8];
const vendorOut = (length: number): number[] => [0x40, 1, 0, 0, 0, 0, length & 0xff, length >> 8];

describe('a device that comes', () => {
  test('is reset, addressed and asked what it is before anybody is told', () => {
    const { port, said } = attached();
    expect(said).toEqual(['attached 1']);
    expect(port.address).toBe(1);
  });

  test('is told of only while there is power on the bus', () => {
    const { port, host, said, run } = bench();
    port.pulledUp = true;
    host.changed();
    run();
    expect(said).toEqual([]);
    host.setVbus(true);
    run();
    host.setVbus(false);
    host.setVbus(false);
    expect(said).toEqual(['attached 1', 'detached']);
  });

  test('has 100 ms to itself, and 20 ms from the reset on', () => {
    const { port, host, said, run } = bench();
    host.setVbus(true);
    port.pulledUp = true;
    host.changed();
    run(99e6);
    expect(port.tokens).toEqual([]);
    run(20e6);
    expect(port.tokens).toEqual(['reset']);
    run(10e6);
    expect(said).toEqual(['attached 1']);
    port.tokens.length = 0;
    host.reset();
    host.submit({ setup: Uint8Array.from(setConfiguration), ended: () => {} });
    run(19e6);
    expect(port.tokens).toEqual(['reset']);
    run(5e6);
    expect(port.tokens.slice(0, 3)).toEqual(['reset', 'setup 0 5', 'in']);
  });

  test('that lets go before that is not asked anything', () => {
    const { port, host, said, run } = bench();
    host.setVbus(true);
    for (const pulledUp of [true, false, true]) {
      port.pulledUp = pulledUp;
      host.changed();
      run(60e6);
    }
    expect([port.tokens, said]).toEqual([[], []]);
    run();
    expect(port.tokens.filter((token) => token === 'reset')).toHaveLength(1);
    expect(said).toEqual(['attached 1']);
  });

  test('with packets of 8 bytes is asked again', () => {
    const { port, host, said, run, log } = bench(fakeDescriptors({ packetBytes: 8 }));
    port.packetBytes = 8;
    port.pulledUp = true;
    host.setVbus(true);
    run();
    expect([said, log]).toEqual([['attached 1'], []]);
  });

  test('waits for a firmware that has not seen its reset yet', () => {
    const { port, host, said, run } = bench();
    port.pulledUp = true;
    port.inReset = true;
    host.setVbus(true);
    run(2e9);
    expect([said, port.tokens]).toEqual([[], ['reset']]);
    port.inReset = false;
    run();
    expect(said).toEqual(['attached 1']);
  });

  test.each([
    ['says nothing', (): FakeAnswer => 'never', 'it has not said what it is within 5 s'],
    ['refuses', (): FakeAnswer => 'stall', 'it refuses its device descriptor'],
    ['has packets of 7 bytes', fakeDescriptors({ packetBytes: 7 }), 'got 18 bytes: 12 01 00 02'],
    ['sends nothing', (): FakeAnswer => ({ in: new Uint8Array(0) }), 'got nothing'],
  ] as const)('and %s is not told of', (_, firmware, words) => {
    const { port, host, said, run, log } = bench(firmware);
    port.pulledUp = true;
    host.setVbus(true);
    run(10e9);
    expect([said, log.length]).toEqual([[], 1]);
    expect(log[0]).toContain(words);
    port.pulledUp = false;
    host.changed();
    expect(said).toEqual([]);
  });

  test('with more configurations than anybody needs is cut short', () => {
    const { port, host, said, run } = bench(fakeDescriptors({ configurations: 200 }));
    port.pulledUp = true;
    host.setVbus(true);
    run();
    expect(said).toEqual(['attached 8']);
  });
});

describe('a control transfer', () => {
  test('to the host: packets, and an empty one back', () => {
    const bytes = Uint8Array.from({ length: 130 }, (_, at) => at);
    const { send, port, log } = attached(() => ({ in: bytes }));
    expect(send(vendorIn(200))).toEqual({ end: 'in', bytes });
    expect(port.tokens).toEqual(['setup c0 1', 'in', 'in', 'in', 'out 0 DATA1']);
    expect(log).toEqual([]);
  });

  test.each([
    ['as long as asked for: no empty packet', 128, 128, 2],
    ['shorter, and whole packets: an empty one ends it', 200, 128, 3],
    ['nothing at all', 200, 0, 1],
  ])('to the host, %s', (_, wLength, length, packets) => {
    const bytes = new Uint8Array(length);
    const { send, port } = attached(() => ({ in: bytes }));
    expect(send(vendorIn(wLength))).toEqual({ end: 'in', bytes });
    expect(port.tokens.filter((token) => token === 'in')).toHaveLength(packets);
  });

  test('to the device: packets of DATA1, DATA0 in turn, and an empty one back', () => {
    const bytes = Uint8Array.from({ length: 130 }, (_, at) => at);
    const { send, port } = attached(() => 'take');
    expect(send(vendorOut(130), bytes)).toEqual({ end: 'done' });
    const outs = ['out 64 DATA1', 'out 64 DATA0', 'out 2 DATA1'];
    expect(port.tokens).toEqual(['setup 40 1', ...outs, 'in']);
    expect(port.taken.at(-1)).toEqual([...bytes]);
  });

  test.each([
    ['data to the host', vendorIn(8), 'stall', 'data'],
    ['data to the device', vendorOut(8), 'stall', 'data'],
    ['no data', vendorOut(0), 'stall', 'status'],
    ['the status stage', vendorOut(8), 'stall-status', 'status'],
  ] as const)('is stalled: %s', (_, setup, answer, stage) => {
    const { send } = attached(() => answer);
    expect(send(setup, new Uint8Array(setup[6] ?? 0))).toEqual({ end: 'stall', stage });
  });

  test('waits at a NAK for the port to change, and does not poll', () => {
    const { port, host, run } = attached(() => 'take');
    port.naks = 1;
    let end: ControlEnd | undefined;
    host.submit({ setup: Uint8Array.from(vendorOut(0)), ended: (result) => (end = result) });
    run(5e9);
    expect([end, port.tokens]).toEqual([undefined, ['setup 40 1', 'in']]);
    host.changed();
    run();
    expect(end).toEqual({ end: 'done' });
  });

  test('is cancelled by the next SETUP', () => {
    let answer: FakeAnswer = 'never';
    const { host, run, send, port } = attached(() => answer);
    const ends: ControlEnd[] = [];
    host.submit({ setup: Uint8Array.from(vendorIn(8)), ended: (end) => ends.push(end) });
    run();
    answer = { in: Uint8Array.of(7) };
    expect(send(vendorIn(8))).toEqual({ end: 'in', bytes: Uint8Array.of(7) });
    expect([ends, port.tokens]).toEqual([
      [],
      ['setup c0 1', 'in', 'setup c0 1', 'in', 'out 0 DATA1'],
    ]);
    host.submit({ setup: Uint8Array.from(vendorIn(8)), ended: (end) => ends.push(end) });
    host.cancel();
    run();
    expect([ends, host.busy]).toEqual([[], false]);
  });

  test('is lost by a reset and by a detach', () => {
    const { host, port, run, said } = attached(() => 'never');
    const ends: ControlEnd[] = [];
    const submit = (): void =>
      host.submit({ setup: Uint8Array.from(vendorIn(8)), ended: (end) => ends.push(end) });
    submit();
    run();
    host.reset();
    submit();
    port.pulledUp = false;
    host.changed();
    submit();
    expect(ends).toEqual([{ end: 'lost' }, { end: 'lost' }, { end: 'lost' }]);
    expect(said).toEqual(['attached 1', 'detached']);
  });

  test('with wrong data PIDs is carried out, and told of once', () => {
    const { send, port, log } = attached(() => ({ in: new Uint8Array(70) }));
    port.wrongPid = true;
    expect(send(vendorIn(70))).toMatchObject({ end: 'in' });
    send(vendorIn(70));
    expect(log).toEqual([
      expect.stringMatching(/sent DATA0 where DATA1 was due.*data stage of c0 01 00/),
    ]);
  });

  test('whose device sends too much is cut, and told of', () => {
    const { send, log } = attached(() => ({ in: new Uint8Array(30) }));
    expect(send(vendorIn(10))).toEqual({ end: 'in', bytes: new Uint8Array(10) });
    expect(log[0]).toContain('sent 30 bytes where 10 were asked for (babble)');
  });

  test('to an address at which nobody is: lost, and said', () => {
    const { send, port, log } = attached();
    port.address = 99;
    expect(send(vendorIn(10))).toEqual({ end: 'lost' });
    expect(log).toEqual(['usb: nobody answers at address 1']);
  });
});

describe('address and configuration', () => {
  test('an address comes before the first SET_CONFIGURATION behind a reset', () => {
    const { host, port, send } = attached();
    host.reset();
    expect(send(setConfiguration)).toEqual({ end: 'done' });
    expect(port.tokens).toEqual(['reset', 'setup 0 5', 'in', 'setup 0 9', 'in']);
    expect([port.address, host.configurationValue]).toEqual([1, 1]);
    port.tokens.length = 0;
    send(setConfiguration);
    expect(port.tokens).toEqual(['setup 0 9', 'in']);
  });

  test('a link that sends one is not disturbed', () => {
    const { host, port, send } = attached();
    host.reset();
    expect(send([0, 5, 42, 0, 0, 0, 0, 0])).toEqual({ end: 'done' });
    send(setConfiguration);
    expect([port.address, port.tokens.filter((token) => token === 'setup 0 5')]).toEqual([
      42,
      ['setup 0 5'],
    ]);
  });

  test('the configuration is none again behind a reset or a detach', () => {
    const { host, port, send } = attached();
    send(setConfiguration);
    expect(host.configurationValue).toBe(1);
    host.reset();
    expect(host.configurationValue).toBe(0);
    send(setConfiguration);
    port.pulledUp = false;
    host.changed();
    expect(host.configurationValue).toBe(0);
  });

  test('a link that configures by itself has its transfers behind that', () => {
    const { host, port, send } = attached(() => 'take');
    host.configure(1);
    host.selectAlternate(0, 2);
    expect(send(vendorOut(0))).toEqual({ end: 'done' });
    expect(port.tokens).toEqual(['setup 0 9', 'in', 'setup 1 11', 'in', 'setup 40 1', 'in']);
    expect(host.configurationValue).toBe(1);
  });
});
