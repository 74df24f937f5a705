import { afterEach, expect, test, vi } from 'vitest';
import { COMPATIBLE } from '../../device/index.ts';
import { UsbipServer } from '../../link/usbip/index.ts';
import { timerClock } from '../../usb/index.ts';
import { FakeTerminal, ran } from '../../../test/support/fake-terminal.ts';
import { MiniatureBoard } from '../../../test/support/miniature-board.ts';
import { dfukit } from '../dfukit.ts';

/* A USB/IP server that is not there yet, and a bus that nobody names. */

const all = { canDnload: true, canUpload: true, manifestationTolerant: true, willDetach: true };

let server: UsbipServer | undefined;
afterEach(async () => {
  vi.unstubAllEnvs();
  await server?.close();
});

async function serve(port: number): Promise<string> {
  server = new UsbipServer({ clock: timerClock(globalThis), port });
  server.add(new MiniatureBoard(all, 1024, COMPATIBLE).device);
  const address = await server.listen();
  return `usbip://${address.host}:${address.port}`;
}

/** A port that is free now. */
async function freePort(): Promise<number> {
  const other = new UsbipServer({ clock: timerClock(globalThis), port: 0 });
  const { port } = await other.listen();
  await other.close();
  return port;
}

test('-w waits for the server too', async () => {
  const port = await freePort();
  const terminal = new FakeTerminal();
  const ended = dfukit(['detach', '-w', '--bus', `usbip://127.0.0.1:${port}`], terminal);
  await terminal.err.until('nobody answers');
  expect(terminal.out.text).toBe('Waiting for a device...\n');
  await serve(port);
  expect(await ended).toBe(0);
  expect(terminal.out.text).toMatch(/Found DFU: [^]*Found DFU: /);
});

test('without -w it does not', async () => {
  const port = await freePort();
  const { exit, err } = await ran(['detach', '--bus', `usbip://127.0.0.1:${port}`]);
  expect(exit).toBe(74);
  expect(err).toContain('nobody answers');
});

test('DFUKIT_BUS names the bus; --bus names another', async () => {
  vi.stubEnv('DFUKIT_BUS', await serve(0));
  expect((await ran(['list'])).out).toMatch(/^Found Runtime: \[1209:7d00\]/);
  expect((await ran(['list', '--bus', 'nowhere'])).err).toContain('got "nowhere"');
  expect((await ran(['list', '--help'])).out).toContain('DFUKIT_BUS');
});
