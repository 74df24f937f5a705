import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../usb/index.ts';
import { ScriptedDevice } from '../../../test/support/scripted-device.ts';
import { until } from '../../../test/support/sockets.ts';
import { UsbipServer, attachToKernel } from './index.ts';
import type { ExportedDevice } from './index.ts';

// What the kernel makes of it, only a kernel can tell (test/kernel). Here: what is written to it.

const HEAD = 'hub port sta spd dev      sockfd local_busid\n';
const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

function controller(status: string, more: Record<string, string> = {}): string {
  const path = mkdtempSync(join(tmpdir(), 'vhci-'));
  closers.push(() => rmSync(path, { recursive: true }));
  writeFileSync(join(path, 'status'), HEAD + status);
  for (const [name, text] of Object.entries(more)) writeFileSync(join(path, name), HEAD + text);
  writeFileSync(join(path, 'attach'), '');
  return path;
}

const attached = (path: string): string => readFileSync(join(path, 'attach'), 'utf8');

interface Bench {
  readonly clock: VirtualClock;
  readonly device: ScriptedDevice;
  readonly exported: ExportedDevice;
}

function bench(): Bench {
  const clock = new VirtualClock();
  const server = new UsbipServer({ clock });
  closers.push(() => server.close());
  const device = new ScriptedDevice();
  return { clock, device, exported: server.add(device, { busId: '2-3' }) };
}

const PORTS = [
  'hs  0000 006 002 00010002 000009 1-1',
  'hs  0001 005 000 00000000 000000 0-0',
  'hs  0002 004 000 00000000 000000 0-0',
  'ss  0008 004 000 00000000 000000 0-0',
].join('\n');

describe('attaching to the kernel', () => {
  test.each([
    ['full', 'a free port for high speed and below', /^2 \d+ 131073 2$/],
    ['high', 'the same', /^2 \d+ 131073 3$/],
    ['super', 'a free port for super speed', /^8 \d+ 131073 5$/],
  ] as const)('at %s speed takes %s', async (speed, _, expected) => {
    const { device, exported } = bench();
    device.speed = speed;
    const path = controller(PORTS);
    const attachment = await attachToKernel(exported, { vhciPath: path });
    expect(attached(path)).toMatch(expected);
    expect(attachment.port).toBe(Number(attached(path).split(' ')[0]));
    expect(exported.imported).toBe(true);
    await attachment.close();
    expect(exported.imported).toBe(false);
    expect(attachment.port).toBeUndefined();
  });

  test('looks at the ports of every controller', async () => {
    const { exported } = bench();
    const full = 'hs  0000 006 002 00010002 000009 1-1';
    const path = controller(full, { 'status.1': 'hs  0017 004 000 00000000 000000 0-0' });
    await attachToKernel(exported, { vhciPath: path });
    expect(attached(path)).toMatch(/^17 /);
  });

  test('again, not sooner than 300 ms after the device has left', async () => {
    const { clock, device, exported } = bench();
    const path = controller(PORTS);
    const attachment = await attachToKernel(exported, { vhciPath: path });
    closers.push(() => attachment.close());
    writeFileSync(join(path, 'attach'), '');
    device.bus?.detach();
    expect(attachment.port).toBeUndefined();
    clock.advance(50);
    device.bus?.attach();
    clock.advance(249);
    await new Promise((resolve) => setImmediate(resolve));
    expect(attached(path)).toBe('');
    clock.advance(1);
    await until(() => attached(path) !== '');
    // Another device number: to the kernel it is a new attachment.
    expect(attached(path)).toMatch(/^2 \d+ 131074 2$/);
    await until(() => exported.imported);
  });

  test('no more once it is closed', async () => {
    const { clock, device, exported } = bench();
    const path = controller(PORTS);
    const attachment = await attachToKernel(exported, { vhciPath: path });
    writeFileSync(join(path, 'attach'), '');
    device.bus?.detach();
    device.bus?.attach();
    await attachment.close();
    clock.advance(1000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(attached(path)).toBe('');
    expect(exported.imported).toBe(false);
  });

  test('waits for a device that is not on the bus yet', async () => {
    const { clock, exported } = bench();
    exported.unplug();
    const path = controller(PORTS);
    const attachment = await attachToKernel(exported, { vhciPath: path });
    closers.push(() => attachment.close());
    expect(attached(path)).toBe('');
    exported.replug();
    clock.advance(300);
    await until(() => attachment.port === 2);
  });

  test('says what is missing where there is no vhci_hcd', async () => {
    const { exported } = bench();
    const vhciPath = join(tmpdir(), 'no-such-vhci');
    await expect(attachToKernel(exported, { vhciPath })).rejects.toMatchObject({
      code: 'NO_USB',
      message: expect.stringMatching(/modprobe vhci-hcd; .*linux-modules-extra/) as string,
    });
  });

  test('says so when no port is free, or another has the device', async () => {
    const { exported } = bench();
    const full = controller('hs  0000 006 002 00010002 000009 1-1');
    await expect(attachToKernel(exported, { vhciPath: full })).rejects.toMatchObject({
      code: 'BUSY',
      message: 'vhci_hcd: none of its ports for hs devices is free',
    });
    expect(exported.imported).toBe(false);
    const path = controller(PORTS);
    const attachment = await attachToKernel(exported, { vhciPath: path });
    closers.push(() => attachment.close());
    await expect(attachToKernel(exported, { vhciPath: path })).rejects.toMatchObject({
      code: 'BUSY',
      message: '2-3 is imported by another',
    });
  });

  test('tells of an attachment that does not work later', async () => {
    const { clock, device, exported } = bench();
    const path = controller(PORTS);
    const failures: string[] = [];
    const attachment = await attachToKernel(exported, {
      vhciPath: path,
      failed: ({ code }) => failures.push(code),
    });
    closers.push(() => attachment.close());
    rmSync(join(path, 'status'));
    device.bus?.detach();
    device.bus?.attach();
    clock.advance(300);
    await until(() => failures.length > 0);
    expect(failures).toEqual(['NO_USB']);
  });
});
