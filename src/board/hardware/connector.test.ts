import { describe, expect, test } from 'vitest';
import { DfuError } from '../../bytes/index.ts';
import { Device } from '../../device/index.ts';
import { DevicePort, VirtualClock } from '../../usb/index.ts';
import type { SetupPacket, TransferResult } from '../../usb/index.ts';
import { UsbConnector } from './connector.ts';

const SET_CONFIGURATION = { bmRequestType: 0, bRequest: 9, wValue: 1, wIndex: 0, wLength: 0 };
const GET_CONFIGURATION = { bmRequestType: 0x80, bRequest: 8, wValue: 0, wIndex: 0, wLength: 1 };

interface Bench {
  readonly connector: UsbConnector;
  readonly port: DevicePort;
  /** What the connector, the link, and the program were told, in order. */
  readonly seen: string[];
  /** How often the device behind has been reset. */
  readonly resets: () => number;
  readonly device: Device;
  readonly ask: (packet: SetupPacket) => TransferResult['end'] | 'held';
}

/** A connector with a device behind it, plugged into a link and configured. */
function bench(): Bench {
  const seen: string[] = [];
  let resets = 0;
  const connector = new UsbConnector((state) => seen.push(state));
  const port = new DevicePort(connector, new VirtualClock(), {
    attached: () => seen.push('link attached'),
    detached: () => seen.push('link detached'),
    log: () => {},
  });
  connector.onPlugged((plugged) => seen.push(plugged ? 'power' : 'no power'));
  const device = new Device({
    identity: { idVendor: 0x1209, idProduct: 1 },
    configurations: [{ functions: [] }],
    onBus: ({ type }) => {
      if (type === 'reset') resets += 1;
    },
  });
  const ask = (packet: SetupPacket): TransferResult['end'] | 'held' => {
    let end: TransferResult['end'] | 'held' = 'held';
    port.submit(packet, undefined, (result) => {
      ({ end } = result);
    });
    return end;
  };
  connector.present(device);
  port.plug();
  ask(SET_CONFIGURATION);
  return { connector, port, seen, resets: () => resets, device, ask };
}

const PLUGGED = ['power', 'attached', 'link attached', 'configured'];

describe('the cable at the board’s end', () => {
  test('out and in again: the device behind is reset, and the host finds it anew', () => {
    const { connector, device, seen, resets, ask } = bench();
    connector.pull();
    expect([connector.attached, connector.plugged, device.state]).toEqual([
      false,
      false,
      'configured',
    ]);
    connector.insert();
    expect([connector.attached, connector.plugged, device.state]).toEqual([true, true, 'default']);
    expect(resets()).toBe(1);
    expect(seen.slice(PLUGGED.length)).toEqual([
      'no power',
      'link detached',
      'detached',
      'power',
      'attached',
      'link attached',
    ]);
    expect(ask(SET_CONFIGURATION)).toBe('out');
    expect(device.state).toBe('configured');
  });

  test('put in while it is in: nothing happens', () => {
    const { connector, device, seen, resets } = bench();
    connector.insert();
    connector.insert();
    expect([device.state, resets(), seen]).toEqual(['configured', 0, PLUGGED]);
  });

  test('put in twice: once', () => {
    const { connector, seen, resets, ask } = bench();
    connector.pull();
    connector.insert();
    ask(SET_CONFIGURATION);
    const before = seen.length;
    connector.insert();
    expect([resets(), seen.length, ask(GET_CONFIGURATION)]).toEqual([1, before, 'in']);
  });

  test('pulled out twice: once', () => {
    const { connector, seen } = bench();
    connector.pull();
    const before = seen.length;
    connector.pull();
    expect(seen).toHaveLength(before);
  });

  test('in, but not at the host’s end: nobody sees the device', () => {
    const { connector, port, device, seen, resets } = bench();
    port.unplug();
    connector.pull();
    connector.insert();
    expect([connector.attached, connector.plugged, device.state, resets()]).toEqual([
      false,
      false,
      'configured',
      0,
    ]);
    port.plug();
    expect([connector.attached, resets()]).toEqual([true, 1]);
    expect(seen.slice(PLUGGED.length)).toEqual([
      'link detached',
      'no power',
      'detached',
      'power',
      'attached',
      'link attached',
    ]);
  });
});

describe('a board that loses its power in the middle of a call', () => {
  test('answers nothing more', () => {
    const { connector, device, ask, seen } = bench();
    device.setup = () => {
      connector.remove();
      throw new DfuError('POWER_LOST', 'the power was cut');
    };
    expect(ask(GET_CONFIGURATION)).toBe('lost');
    expect([connector.attached, seen.at(-1)]).toEqual([false, 'detached']);
  });

  test('waits for nothing any more', () => {
    const { connector, device } = bench();
    device.tick = () => {
      connector.remove();
      throw new DfuError('POWER_LOST', 'the power was cut');
    };
    expect(connector.tick(1)).toBe(Infinity);
  });

  test('and any other mistake is told', () => {
    const { connector, device } = bench();
    device.reset = () => {
      throw new Error('a mistake');
    };
    expect(() => connector.reset()).toThrow('a mistake');
  });
});
