import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { toHex } from '../../bytes/index.ts';
import { COMPATIBLE } from '../../device/index.ts';
import { UsbipServer } from '../../link/usbip/index.ts';
import { readTrace } from '../../trace/index.ts';
import { timerClock } from '../../usb/index.ts';
import { ran } from '../../../test/support/fake-terminal.ts';
import { MiniatureBoard } from '../../../test/support/miniature-board.ts';
import { firmware } from '../../../test/support/recorded.ts';
import { ScriptedDevice } from '../../../test/support/scripted-device.ts';

let folder: string;
let server: UsbipServer;
let bus: string;

const at = (name: string): string => join(folder, name);
const text = (name: string): string => readFileSync(at(name), 'utf8');

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-report-'));
  server = new UsbipServer({ clock: timerClock(globalThis), port: 0 });
  const bits = { canDnload: true, canUpload: true, manifestationTolerant: true, willDetach: true };
  server.add(new MiniatureBoard(bits, 256, COMPATIBLE).device);
  const { host, port } = await server.listen();
  bus = `usbip://${host}:${port}`;
});

afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

/** How a serial number may stand in a file of text. */
function forms(serial: string): string[] {
  const bytes = [
    Buffer.from(serial),
    Buffer.from(serial, 'utf16le'),
    Buffer.from(serial, 'utf16le').swap16(),
  ];
  return [serial, ...bytes.map((each) => toHex(each))].map((each) => each.toLowerCase());
}

describe('doctor --report', () => {
  test('writes descriptors, states and versions, which are played back', async () => {
    const { exit, out } = await ran(['doctor', '--bus', bus, '--report', at('r.ndjson')]);
    expect(exit).toBe(0);
    expect(out).toContain(`report: ${at('r.ndjson')}, serial numbers masked\n`);
    const { header, records } = readTrace(text('r.ndjson'));
    expect(header).toMatchObject({ payload: 'left-out', serials: 'masked' });
    expect(header.about).toMatchObject({ node: process.version, usb: expect.stringMatching(/./) });
    const asked = records.flatMap((record) => (record.type === 'control' ? [record] : []));
    const of = (type: number, request: number, value: number): unknown =>
      asked.find(
        ({ setup }) =>
          setup.bmRequestType === type && setup.bRequest === request && setup.wValue >> 8 === value,
      )?.end;
    expect([of(0x80, 6, 1), of(0x80, 6, 2), of(0xa1, 5, 0), of(0xa1, 3, 0)]).toEqual([
      'ok',
      'ok',
      'ok',
      'ok',
    ]);
    expect(
      records.some((record) => record.type === 'note' && record.text.includes('1209:7d00')),
    ).toBe(true);
    const listed = await ran(['list', '--replay', at('r.ndjson')]);
    expect(listed.out).toMatch(/^Found Runtime: \[1209:7d00\] .*serial="XXXXXXX1"\n$/);
    expect((await ran(['trace', 'show', at('r.ndjson')])).out).toMatch(/DFU_GETSTATE +appIDLE/);
  });

  test('has the serial number nowhere in it, in no form, unless asked', async () => {
    const file = at('firmware.bin');
    writeFileSync(file, firmware(1000));
    const ids = ['-d', '1209:7d00,1209:7d02', '-a', '1', '-S', 'KEYSTONE'];
    await ran(['download', file, ...ids, '--bus', bus, '--trace', at('t.ndjson')]);
    const args = ['doctor', '--bus', bus, '--with-trace', at('t.ndjson'), '--report'];
    expect((await ran([...args, at('r.ndjson')])).exit).toBe(0);
    const masked = text('r.ndjson').toLowerCase();
    for (const form of forms('KEYSTONE')) expect(masked).not.toContain(form);
    expect(masked).not.toContain(toHex(firmware(1000).subarray(0, 16)));
    expect((await ran([...args, at('s.ndjson'), '--with-serials'])).exit).toBe(0);
    expect(text('s.ndjson')).toContain(toHex(Buffer.from('KEYSTONE', 'utf16le')));
    // What failed is in it, and played back with the file that it was.
    await ran(['trace', 'convert', at('r.ndjson'), at('e.ndjson'), '--enclosed']);
    expect(text('e.ndjson').toLowerCase()).not.toContain(forms('KEYSTONE')[2]);
    const again = await ran([
      'download',
      file,
      '-d',
      '1209:7d00,1209:7d02',
      '-a',
      '1',
      '--replay',
      at('e.ndjson'),
    ]);
    expect([again.exit, again.err]).toEqual([0, '']);
  });

  test('nor one with letters that are shown as others', async () => {
    const serial = 'KÄ\u0007QZWX\u001b[1m-77';
    const bits = {
      canDnload: true,
      canUpload: true,
      manifestationTolerant: true,
      willDetach: true,
    };
    server.add(new MiniatureBoard(bits, 64, COMPATIBLE, { serial, starts: 'loader' }).device);
    const { out } = await ran(['doctor', '--bus', bus, '--report', at('r.ndjson')]);
    expect(out).toContain('QZWX');
    const masked = text('r.ndjson');
    for (const form of ['m-77', ...forms('QZWX')]) expect(masked).not.toContain(form);
  });

  test('a bus that is asked is written down, and played back instead of one', async () => {
    const traced = await ran(['doctor', '--bus', bus, '--trace', at('t.ndjson')]);
    expect([traced.exit, traced.err]).toEqual([0, '']);
    const played = await ran(['doctor', '--replay', at('t.ndjson'), '--report', at('r.ndjson')]);
    expect([played.exit, played.err]).toEqual([0, '']);
    expect(played.out).toBe(`${traced.out}report: ${at('r.ndjson')}, serial numbers masked\n`);
    const over = ['doctor', '--replay', at('t.ndjson'), '--report', at('t.ndjson')];
    expect((await ran(over)).exit).toBe(64);
    const listed = await ran(['list', '--replay', at('r.ndjson')]);
    expect(listed.out).toMatch(/^Found Runtime: \[1209:7d00\] .*serial="XXXXXXX1"\n$/);
    const before = text('t.ndjson');
    const own = ['--replay', at('t.ndjson'), '--trace', join(folder, '.', 't.ndjson')];
    const same = await ran(['list', ...own]);
    expect([same.exit, same.err]).toEqual([64, expect.stringContaining('is read and written')]);
    expect(text('t.ndjson')).toBe(before);
    const two = await ran([
      'doctor',
      '--bus',
      bus,
      '--bus',
      'usbip://x',
      '--trace',
      at('u.ndjson'),
    ]);
    expect([two.exit, two.err]).toEqual([64, expect.stringContaining('one --bus at a time')]);
    expect(existsSync(at('u.ndjson'))).toBe(false);
  });

  test('tells nothing of other devices', async () => {
    server.add(new ScriptedDevice());
    await ran(['doctor', '--bus', bus, '--report', at('r.ndjson')]);
    const { records } = readTrace(text('r.ndjson'));
    const devices = records.flatMap((record) => (record.type === 'device' ? record.device : []));
    expect(new Set(devices).size).toBe(1);
    expect(text('r.ndjson')).not.toContain(toHex(Buffer.from('Scripted', 'utf16le')));
  });

  test('is written where no bus can be reached, and over no file that is no trace', async () => {
    await server.close();
    const { exit } = await ran(['doctor', '--bus', bus, '--report', at('r.ndjson')]);
    expect(exit).toBe(1);
    expect(text('r.ndjson')).toContain('server-unreachable');
    const same = [
      'doctor',
      '--bus',
      bus,
      '--report',
      at('r.ndjson'),
      '--with-trace',
      at('r.ndjson'),
    ];
    expect((await ran(same)).exit).toBe(64);
    expect(text('r.ndjson')).toContain('server-unreachable');
    writeFileSync(at('x'), 'mine');
    expect((await ran(['doctor', '--bus', bus, '--report', at('x')])).exit).toBe(73);
    expect(text('x')).toBe('mine');
    expect((await ran(['doctor', '--bus', bus, '--with-serials'])).exit).toBe(64);
    expect(existsSync(at('y'))).toBe(false);
  });
});
