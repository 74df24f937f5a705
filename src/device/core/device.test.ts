import { describe, expect, test, vi } from 'vitest';
import { fromHex, toHex } from '../../bytes/index.ts';
import { decodeConfiguration, decodeString } from '../../usb/index.ts';
import type {
  EndpointDescriptor,
  SetupAnswer,
  SetupPacket,
  SettingParts,
} from '../../usb/index.ts';
import { HOLDING, STALLED, Wire } from '../../../test/conformance/device-bench.ts';
import type { Seen } from '../../../test/conformance/device-bench.ts';
import { Device } from '../index.ts';
import type { DeviceOptions, FunctionHost, UsbFunction } from '../index.ts';

const ACKNOWLEDGED: Seen = { end: 'ok', bytes: new Uint8Array(0) };

/** A function with `alternates` settings; every other one has an interrupt endpoint. */
class Gadget implements UsbFunction {
  host: FunctionHost | undefined;
  readonly log: string[] = [];
  readonly alternates: number;
  answer: SetupAnswer = { stage: 'status' };
  first = 0;

  constructor(alternates = 1) {
    this.alternates = alternates;
  }

  describe(host: FunctionHost, firstInterface: number): readonly SettingParts[] {
    this.host = host;
    this.first = firstInterface;
    return Array.from({ length: this.alternates }, (_, at) => {
      const endpoint: EndpointDescriptor = {
        bEndpointAddress: 0x81 + firstInterface,
        bmAttributes: 3,
        wMaxPacketSize: 8,
        bInterval: 10,
      };
      const descriptor = {
        bInterfaceNumber: firstInterface,
        bAlternateSetting: at,
        bNumEndpoints: 0,
        bInterfaceClass: 0xff,
        bInterfaceSubClass: 0,
        bInterfaceProtocol: 0,
        iInterface: host.string(`setting ${at}`),
      };
      return { descriptor, endpoints: at % 2 === 1 ? [endpoint] : [] };
    });
  }

  setup(packet: SetupPacket): SetupAnswer {
    this.log.push(`setup ${packet.bRequest}`);
    return this.answer;
  }

  data(bytes: Uint8Array): { readonly stage: 'status' } {
    this.log.push(`data ${toHex(bytes)}`);
    return { stage: 'status' };
  }

  done(): void {
    this.log.push('done');
  }

  abandoned(): void {
    this.log.push('abandoned');
  }

  descriptor(type: number, index: number): Uint8Array | undefined {
    return type === 0x42 && index === 0 ? Uint8Array.of(3, 0x42, this.first) : undefined;
  }

  alternate(interfaceNumber: number, alternate: number): boolean {
    this.log.push(`alternate ${interfaceNumber} ${alternate}`);
    return alternate < 3;
  }

  configured(): void {
    this.log.push('configured');
  }

  reset(): void {
    this.log.push('reset');
  }

  tick(nowMs: number): number {
    return nowMs < 50 ? 50 : Infinity;
  }
}

const identity = {
  idVendor: 0x1209,
  idProduct: 0x7d01,
  manufacturer: 'Acme',
  product: 'Gadget',
  serial: '0042',
};

interface Bench {
  readonly wire: Wire;
  readonly device: Device;
  readonly gadgets: readonly [Gadget, Gadget, Gadget];
}

/** Configuration 1: two functions, the first with four settings. Configuration 5: one function. */
function bench(options: Partial<DeviceOptions> = {}): Bench {
  const gadgets = [new Gadget(4), new Gadget(), new Gadget(2)] as const;
  const device = new Device({
    identity,
    configurations: [
      { functions: [gadgets[0], gadgets[1]], name: 'both', maxPowerMa: 500 },
      { functions: [gadgets[2]], value: 5, selfPowered: true },
    ],
    ...options,
  });
  return { wire: new Wire(device), device, gadgets };
}

/** `80 06 0100 0000 0012` as in the specification: type, request, value, index, length. */
function setup(text: string): SetupPacket {
  const [type = '', request = '', value = '', index = '', length = ''] = text.split(' ');
  return {
    bmRequestType: Number.parseInt(type, 16),
    bRequest: Number.parseInt(request, 16),
    wValue: Number.parseInt(value, 16),
    wIndex: Number.parseInt(index, 16),
    wLength: Number.parseInt(length, 16),
  };
}

function ask(wire: Wire, text: string): string {
  const seen = wire.transfer(setup(text));
  return seen.end === 'ok' ? toHex(seen.bytes) : seen.end;
}

describe('descriptors', () => {
  test('of the device', () => {
    const { wire } = bench();
    expect(ask(wire, '80 06 0100 0000 0040')).toBe('12010002000000400912017d000101020302');
  });

  test('are cut to wLength', () => {
    const { wire } = bench();
    expect(ask(wire, '80 06 0100 0000 0008')).toBe('1201000200000040');
    expect(ask(wire, '80 06 0100 0000 0000')).toBe('');
  });

  test('of the configurations: interfaces, alternates, endpoints, power', () => {
    const { device, wire } = bench();
    const whole = ask(wire, '80 06 0200 0000 ffff');
    const first = decodeConfiguration(fromHex(whole));
    expect(first.descriptor).toMatchObject({
      bNumInterfaces: 2,
      bConfigurationValue: 1,
      bmAttributes: 0x80,
      bMaxPower: 250,
      wTotalLength: whole.length / 2,
    });
    expect(
      first.settings.map(({ descriptor, endpoints }) => [
        descriptor.bInterfaceNumber,
        descriptor.bAlternateSetting,
        endpoints.length,
      ]),
    ).toEqual([
      [0, 0, 0],
      [0, 1, 1],
      [0, 2, 0],
      [0, 3, 1],
      [1, 0, 0],
    ]);
    const second = decodeConfiguration(fromHex(ask(wire, '80 06 0201 0000 ffff')));
    expect(second.descriptor).toMatchObject({ bConfigurationValue: 5, bmAttributes: 0xc0 });
    expect(ask(wire, '80 06 0202 0000 ffff')).toBe('stall');
    expect(device.descriptors().configurations.map((bytes) => toHex(bytes))[0]).toBe(whole);
  });

  test('of strings: languages, texts, each text once, unknown languages and indices', () => {
    const { wire } = bench();
    expect(ask(wire, '80 06 0300 0000 00ff')).toBe('04030904');
    expect(decodeString(fromHex(ask(wire, '80 06 0301 0409 00ff')))).toBe('Acme');
    expect(decodeString(fromHex(ask(wire, '80 06 0303 0409 00ff')))).toBe('0042');
    expect(ask(wire, '80 06 0301 0407 00ff')).toBe('stall');
    // Language 0 is no language, and hosts that ask with it mean whatever there is.
    expect(ask(wire, '80 06 0301 0000 00ff')).toBe(ask(wire, '80 06 0301 0409 00ff'));
    expect(ask(wire, '80 06 03ee 0409 0012')).toBe('stall');
    const { settings } = decodeConfiguration(fromHex(ask(wire, '80 06 0200 0000 ffff')));
    const names = settings.map(({ descriptor }) => descriptor.iInterface);
    expect(names[0]).toBe(names[4]);
    expect(new Set(names).size).toBe(4);
  });

  test('no device qualifier at full speed, one at high speed', () => {
    expect(ask(bench().wire, '80 06 0600 0000 000a')).toBe('stall');
    const { wire } = bench({ identity: { ...identity, speed: 'high' } });
    expect(ask(wire, '80 06 0600 0000 000a')).toBe('0a060002000000400200');
    const other = ask(wire, '80 06 0700 0000 ffff');
    expect(other).toBe(ask(wire, '80 06 0200 0000 ffff').replace(/^0902/, '0907'));
  });

  test('a BOS descriptor only where there are capabilities', () => {
    expect(ask(bench().wire, '80 06 0f00 0000 0005')).toBe('stall');
    const { wire } = bench({
      capabilities: [{ bDevCapabilityType: 2, data: Uint8Array.of(2, 0, 0, 0) }],
    });
    expect(ask(wire, '80 06 0f00 0000 00ff')).toBe('050f0c00010710020200' + '0000');
    expect(ask(wire, '80 06 0100 0000 0004')).toBe('12010102');
  });

  test('of a class: from the device and from an interface', () => {
    const { wire } = bench();
    expect(ask(wire, '80 06 4200 0000 00ff')).toBe('034200');
    expect(ask(wire, '81 06 4200 0001 00ff')).toBe('stall');
    wire.configure();
    expect(ask(wire, '81 06 4200 0001 00ff')).toBe('034201');
    expect(ask(wire, '81 06 4200 0002 00ff')).toBe('stall');
    expect(ask(wire, '80 06 4300 0000 00ff')).toBe('stall');
  });
});

describe('standard requests', () => {
  test('SET_ADDRESS counts once its status stage has ended', () => {
    const { device } = bench();
    device.setup(setup('00 05 0007 0000 0000'));
    expect([device.address, device.state]).toEqual([0, 'default']);
    device.done();
    expect([device.address, device.state]).toEqual([7, 'address']);
    device.setup(setup('00 05 0009 0000 0000'));
    device.setup(setup('80 06 0100 0000 0012'));
    device.done();
    expect(device.address).toBe(7);
  });

  test('SET_CONFIGURATION: values that exist, 0, others', () => {
    const { wire, device, gadgets } = bench();
    expect(ask(wire, '80 08 0000 0000 0001')).toBe('00');
    expect(wire.transfer(setup('00 09 0005 0000 0000'))).toEqual(ACKNOWLEDGED);
    expect(ask(wire, '80 08 0000 0000 0001')).toBe('05');
    expect(wire.transfer(setup('00 09 0002 0000 0000'))).toEqual(STALLED);
    expect(ask(wire, '80 08 0000 0000 0001')).toBe('05');
    expect(wire.transfer(setup('00 09 0000 0000 0000'))).toEqual(ACKNOWLEDGED);
    expect(ask(wire, '80 08 0000 0000 0001')).toBe('00');
    expect(device.state).toBe('default');
    expect(gadgets.map(({ log }) => log)).toEqual([[], [], ['configured']]);
  });

  test('SET_INTERFACE and GET_INTERFACE', () => {
    const { wire, device, gadgets } = bench();
    expect(ask(wire, '01 0b 0001 0000 0000')).toBe('stall');
    wire.configure();
    expect(ask(wire, '01 0b 0002 0000 0000')).toBe('');
    expect(ask(wire, '81 0a 0000 0000 0001')).toBe('02');
    expect(ask(wire, '81 0a 0000 0001 0001')).toBe('00');
    // The setting does not exist; the function says no; the interface does not exist.
    for (const no of ['0004 0000', '0003 0000', '0000 0002']) {
      expect(ask(wire, `01 0b ${no} 0000`)).toBe('stall');
    }
    expect(device.alternate(0)).toBe(2);
    wire.configure();
    expect(device.alternate(0)).toBe(0);
    expect(gadgets[0].log).toEqual(['configured', 'alternate 0 2', 'alternate 0 3', 'configured']);
  });

  test('GET_STATUS of device, interface and endpoint', () => {
    const { wire } = bench();
    expect(ask(wire, '80 00 0000 0000 0002')).toBe('0000');
    expect(ask(wire, '81 00 0000 0000 0002')).toBe('stall');
    expect(ask(wire, '82 00 0000 0080 0002')).toBe('0000');
    wire.configure();
    expect(ask(wire, '81 00 0000 0001 0002')).toBe('0000');
    expect(ask(wire, '82 00 0000 0081 0002')).toBe('stall');
    ask(wire, '01 0b 0001 0000 0000');
    expect(ask(wire, '82 00 0000 0081 0002')).toBe('0000');
    wire.transfer(setup('00 09 0005 0000 0000'));
    expect(ask(wire, '80 00 0000 0000 0002')).toBe('0100');
  });

  test('an endpoint is halted until it is cleared, or its setting selected', () => {
    const { wire } = bench();
    wire.configure();
    ask(wire, '01 0b 0001 0000 0000');
    expect(ask(wire, '02 03 0000 0081 0000')).toBe('');
    expect(ask(wire, '82 00 0000 0081 0002')).toBe('0100');
    expect(ask(wire, '02 01 0000 0081 0000')).toBe('');
    expect(ask(wire, '82 00 0000 0081 0002')).toBe('0000');
    ask(wire, '02 03 0000 0081 0000');
    ask(wire, '01 0b 0001 0000 0000');
    expect(ask(wire, '82 00 0000 0081 0002')).toBe('0000');
    expect(ask(wire, '02 03 0000 0000 0000')).toBe('stall');
    expect(ask(wire, '02 01 0000 0000 0000')).toBe('');
  });

  test.each([
    ['remote wake-up', '00 03 0001 0000 0000'],
    ['clearing remote wake-up', '00 01 0001 0000 0000'],
    ['test mode', '00 03 0002 0100 0000'],
    ['SET_DESCRIPTOR', '00 07 0100 0000 0012'],
    ['SYNCH_FRAME', '82 0c 0000 0081 0002'],
    ['an address above 127', '00 05 0080 0000 0000'],
    ['SET_ADDRESS with data', '00 05 0001 0000 0001'],
    ['SET_CONFIGURATION with data', '00 09 0001 0000 0001'],
    ['SET_CONFIGURATION of 16 bits', '00 09 0101 0000 0000'],
    ['GET_DESCRIPTOR the wrong way', '00 06 0100 0000 0012'],
    ['SET_CONFIGURATION the wrong way', '80 09 0001 0000 0001'],
    ['GET_CONFIGURATION of an interface', '81 08 0000 0000 0001'],
    ['a request without a number', '80 55 0000 0000 0001'],
    ['the reserved type', 'e0 00 0000 0000 0001'],
    ['a vendor request to the device', 'c0 01 0000 0000 0001'],
    ['a class request before the configuration', '21 01 0000 0000 0000'],
  ])('%s is stalled', (_, text) => {
    const { wire } = bench();
    expect(wire.transfer(setup(text))).toEqual(STALLED);
  });

  test('SET_ADDRESS is stalled once configured', () => {
    const { wire } = bench();
    wire.configure();
    expect(ask(wire, '00 05 0003 0000 0000')).toBe('stall');
  });

  test('requests to the device can be answered by its owner', () => {
    const { wire } = bench({
      deviceRequest: ({ bRequest }) =>
        bRequest === 1 ? { stage: 'in', data: Uint8Array.of(1, 2, 3) } : undefined,
    });
    expect(ask(wire, 'c0 01 0000 0007 0002')).toBe('0102');
    expect(ask(wire, 'c0 02 0000 0007 0002')).toBe('stall');
  });
});

describe('requests to functions', () => {
  test('reach the one that owns the interface, with data and end', () => {
    const { wire, gadgets } = bench();
    wire.configure();
    gadgets[1].answer = { stage: 'out' };
    const packet = setup('21 01 0000 0001 0002');
    expect(wire.transfer(packet, Uint8Array.of(7, 8))).toEqual(ACKNOWLEDGED);
    expect(gadgets.map(({ log }) => log)).toEqual([
      ['configured'],
      ['configured', 'setup 1', 'data 0708', 'done'],
      [],
    ]);
  });

  test.each([1, 3])('a data stage of %i bytes where 2 were announced is stalled', (length) => {
    const { wire, gadgets } = bench();
    wire.configure();
    gadgets[1].answer = { stage: 'out' };
    expect(wire.transfer(setup('21 01 0000 0001 0002'), new Uint8Array(length))).toEqual(STALLED);
    expect(gadgets[1].log).toEqual(['configured', 'setup 1', 'abandoned']);
  });

  test('a SETUP in the middle of a transfer ends it', () => {
    const { wire, device, gadgets } = bench();
    wire.configure();
    gadgets[0].answer = { stage: 'out' };
    expect(device.setup(setup('21 01 0000 0000 0002'))).toEqual({ stage: 'out' });
    expect(ask(wire, '80 00 0000 0000 0002')).toBe('0000');
    expect(device.data(Uint8Array.of(1, 2))).toEqual({ stage: 'stall' });
    expect(gadgets[0].log).toEqual(['configured', 'setup 1', 'abandoned']);
  });

  test('an answer may be held and come later', () => {
    const { wire, device, gadgets } = bench();
    wire.configure();
    gadgets[0].answer = { stage: 'held' };
    expect(wire.transfer(setup('a1 01 0000 0000 0002'))).toEqual(HOLDING);
    gadgets[1].host?.resume({ stage: 'status' });
    expect(wire.resumed).toBeUndefined();
    gadgets[0].host?.resume({ stage: 'in', data: Uint8Array.of(1, 2, 3) });
    expect(wire.resumed).toEqual({ stage: 'in', data: Uint8Array.of(1, 2) });
    device.done();
    expect(gadgets[0].log).toEqual(['configured', 'setup 1', 'done']);
  });

  test('an answer that comes when the host has given up is dropped', () => {
    const { wire, gadgets } = bench();
    wire.configure();
    gadgets[0].answer = { stage: 'held' };
    wire.transfer(setup('a1 01 0000 0000 0002'));
    ask(wire, '80 00 0000 0000 0002');
    gadgets[0].host?.resume({ stage: 'status' });
    expect(wire.resumed).toBeUndefined();
    expect(gadgets[0].log).toEqual(['configured', 'setup 1', 'abandoned']);
  });

  test.each<[string, string, SetupAnswer]>([
    [
      'bytes for a request that takes bytes',
      '21 01 0000 0000 0002',
      { stage: 'in', data: new Uint8Array(1) },
    ],
    ['taking bytes of a request that gives some', 'a1 01 0000 0000 0002', { stage: 'out' }],
  ])('a function that answers wrongly is stalled: %s', (_, text, answer) => {
    const { wire, gadgets } = bench();
    wire.configure();
    gadgets[0].answer = answer;
    expect(wire.transfer(setup(text))).toEqual(STALLED);
  });
});

describe('the bus', () => {
  test('a reset takes address and configuration away', () => {
    const { wire, device, gadgets } = bench();
    wire.transfer(setup('00 05 0007 0000 0000'));
    wire.configure();
    wire.reset();
    expect([device.state, device.address]).toEqual(['default', 0]);
    expect(gadgets.map(({ log }) => log.at(-1))).toEqual(['reset', 'reset', 'reset']);
    expect(device.descriptors().configurationValue).toBe(0);
  });

  test('a link may configure and select by itself', () => {
    const { device, gadgets } = bench();
    expect([device.configure(1), device.selectAlternate(0, 2)]).toEqual([true, true]);
    expect([device.configure(3), device.selectAlternate(7, 0)]).toEqual([false, false]);
    expect(device.alternate(0)).toBe(2);
    expect(device.descriptors().configurationValue).toBe(1);
    expect(gadgets[0].log).toEqual(['configured', 'alternate 0 2']);
  });

  test('attach, detach and the cable', () => {
    const { wire, device, gadgets } = bench({ attachAtOnce: false });
    expect([device.state, wire.log]).toEqual(['detached', []]);
    expect(ask(wire, '80 06 0100 0000 0012')).toBe('stall');
    device.attach();
    device.attach();
    gadgets[0].host?.detach();
    expect(wire.log).toEqual(['attach', 'detach']);
    device.disconnect();
    device.attach();
    expect([device.state, wire.log]).toEqual(['unplugged', ['attach', 'detach']]);
  });

  test('ticks every function and answers the earliest time', () => {
    const { device } = bench();
    expect(device.tick(10)).toBe(50);
    expect(device.tick(50)).toBe(Infinity);
  });

  test('power that comes back reaches the functions', () => {
    const gadget = Object.assign(new Gadget(), { powerOn: vi.fn<() => void>() });
    const { device } = bench({ configurations: [{ functions: [gadget] }] });
    device.powerOn();
    expect(gadget.powerOn).toHaveBeenCalledOnce();
  });
});

describe('options that no device can have', () => {
  const gadget = new Gadget();

  test('more strings than there are indices; none is at 0xee, which Windows asks for', () => {
    const plenty = new Gadget(251);
    const { wire } = bench({ configurations: [{ functions: [plenty] }] });
    expect(ask(wire, '80 06 03ee 0409 00ff')).toBe('stall');
    expect(decodeString(fromHex(ask(wire, '80 06 03ff 0409 00ff')))).toBe('setting 250');
    const tooMany = new Gadget(252);
    expect(() => bench({ configurations: [{ functions: [tooMany] }] })).toThrow(
      'expected at most 254 strings',
    );
  });

  test.each<[string, Partial<DeviceOptions>, string]>([
    ['no configuration', { configurations: [] }, 'configurations: expected 1 to 255, got 0'],
    [
      'a value twice',
      { configurations: [{ functions: [], value: 2 }, { functions: [] }] },
      'configuration values: 2, 2',
    ],
    [
      'a function twice',
      { configurations: [{ functions: [gadget] }, { functions: [gadget] }] },
      'each function may stand there once',
    ],
    [
      'a packet size',
      { identity: { ...identity, bMaxPacketSize0: 12 } },
      'bMaxPacketSize0: expected 64, 8, 16, 32 at full speed, got 12',
    ],
    [
      'too much power',
      { configurations: [{ functions: [], maxPowerMa: 600 }] },
      'maxPowerMa: expected 0 to 500, got 600',
    ],
    [
      'a string of 127 units',
      { identity: { ...identity, product: 'x'.repeat(127) } },
      'expected at most 126 units, got 127',
    ],
  ])('%s', (_, options, message) => {
    expect(() => bench(options)).toThrow(message);
  });
});
