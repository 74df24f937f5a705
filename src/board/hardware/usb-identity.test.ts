import { describe, expect, test } from 'vitest';
import { FakeRunner, testBoard } from '../../../test/support/boards.ts';
import { toHex } from '../../bytes/index.ts';
import { COMPATIBLE, DFU_PROFILES } from '../../device/index.ts';
import { DevicePort } from '../../usb/index.ts';
import type { SetupPacket } from '../../usb/index.ts';
import type { BoardOptions } from '../index.ts';
import { usbIdentityOf, withSerial } from './usb-identity.ts';

const nobody = { attached: () => {}, detached: () => {}, log: () => {} };

/** What a host reads of a board in DFU mode, in hex; undefined: stalled. */
function reader(options: Partial<BoardOptions>): (packet: SetupPacket) => string | undefined {
  const { board, clock } = testBoard(new FakeRunner(), options);
  const port = new DevicePort(board.port, clock, nobody);
  port.plug();
  board.powerOn();
  return (packet) => {
    let text: string | undefined;
    port.submit(packet, undefined, (result) => {
      if (result.end === 'in') text = toHex(result.data);
    });
    return text;
  };
}

const fromDevice = { bmRequestType: 0x80, bRequest: 6, wLength: 0x1000 };
const DEVICE = { ...fromDevice, wValue: 0x0100, wIndex: 0 };
const BOS = { ...fromDevice, wValue: 0x0f00, wIndex: 0 };
const MS_STRING = { ...fromDevice, wValue: 0x03ee, wIndex: 0 };
const MS_SET = { bmRequestType: 0xc0, bRequest: 0x4d, wValue: 0, wIndex: 7, wLength: 0x1000 };
const URL = { ...MS_SET, bRequest: 0x57, wValue: 1, wIndex: 2 };
/** "https://", then the text. */
const PAGE = '0d0301666c6173682e74657374';

describe('the identity of a board in DFU mode', () => {
  test('needs no driver, unless it is a real device’s', () => {
    const usual = reader({});
    expect(usual(DEVICE)).toMatch(/^12010102/);
    expect(usual(BOS)).toMatch(/^050f390002/);
    expect(usual(MS_STRING)).toMatch(/^12034d00/);
    expect(usual(MS_SET)).toMatch(/^0a00000000000306a200/);
    expect(usual(URL)).toBeUndefined();
    const riot = reader({ profile: 'riotboot' });
    expect(riot(DEVICE)).toMatch(/^12010002/);
    expect([BOS, MS_STRING, MS_SET].map(riot)).toEqual([undefined, undefined, undefined]);
  });

  test('each part can be switched off, or on for a personality', () => {
    expect(reader({ msOs: false })(BOS)).toMatch(/^050f1d0001/);
    expect(reader({ msOs: false })(MS_STRING)).toBeUndefined();
    expect(reader({ webUsb: false })(BOS)).toMatch(/^050f210001/);
    const bare = reader({ msOs: false, webUsb: false });
    expect(bare(BOS)).toBeUndefined();
    expect(bare(DEVICE)).toMatch(/^12010002/);
    expect(reader({ profile: 'riotboot', msOs: true })(BOS)).toMatch(/^050f210001/);
  });

  test('has a landing page if it is given one', () => {
    for (const profile of ['compatible', 'riotboot']) {
      const read = reader({ landingPage: 'https://flash.test', profile });
      expect(read(URL)).toBe(PAGE);
    }
  });

  test.each([
    [{ landingPage: 'https://ä.test' }, /ASCII/],
    [{ landingPage: 'https://flash.test', webUsb: false }, /without WebUSB/],
  ])('refuses %o before the board is made', (options, message) => {
    expect(() => reader(options)).toThrow(message);
  });

  test('can do without its serial number', () => {
    const serials = [true, false].map((serialString) =>
      reader({ serial: 'ABCD', serialString })(DEVICE)?.slice(32, 34),
    );
    expect(serials).toEqual(['03', '00']);
  });

  test('the class of usbd-dfu-rt is one of run-time mode: DFU mode is nobody’s personality', () => {
    const read = reader({ profile: 'usbd-dfu-rt' });
    // It gives the functional descriptor, which the crate does not.
    expect(read({ ...fromDevice, wValue: 0x2100, wIndex: 0 })).toBe('092109ff0040001001');
    expect(read(BOS)).toBeUndefined();
  });
});

describe('the serial number', () => {
  const identity = { idVendor: 1, idProduct: 2 };

  test.each([
    ['always', undefined, 'chip'],
    ['always', 'own', 'own'],
    ['always', '', ''],
    ['told', undefined, undefined],
    ['told', 'own', 'own'],
    ['never', 'own', undefined],
  ] as const)('%s, the program says %s: %s', (rule, own, shown) => {
    const told = own === undefined ? identity : { ...identity, serial: own };
    expect(withSerial(told, 'chip', rule).serial).toBe(shown);
  });

  test('is that of the chip in both modes, where no personality says otherwise', () => {
    expect(usbIdentityOf({}, COMPATIBLE).serial).toBe('always');
    const { zephyr = COMPATIBLE } = DFU_PROFILES;
    expect(usbIdentityOf({}, zephyr).serial).toBe('told');
    expect(usbIdentityOf({ serialString: false }, zephyr).serial).toBe('never');
  });
});
