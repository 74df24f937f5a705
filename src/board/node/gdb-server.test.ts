import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../../usb/index.ts';
import { GdbStub } from '../index.ts';
import { GdbServer } from './gdb-server.ts';

const sockets: Socket[] = [];
const lines: string[] = [];
let server: GdbServer;
let port: number;

/** A board of which no machine code has the processor. */
const board = {
  isOn: true,
  chip: 'RP2040',
  flashAddress: 0x1000_0000,
  geometry: { sectors: [{ count: 1, sizeBytes: 4096 }], writeUnitBytes: 1, erasedValue: 0xff },
  flashBytes: 4096,
  reset: (): void => {},
  flash: { eraseFlash: (): void => {}, programFlash: (): void => {} },
} as const;

function serverAt(at: number): GdbServer {
  const stub = new GdbStub({ clock: new VirtualClock() });
  return new GdbServer({ stub, board, port: at, log: (line) => void lines.push(line) });
}

/** What comes until this text, or until the other end hangs up. */
function talk(text: string, enough: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  let said = '';
  socket.on('error', () => {});
  socket.write(text, 'latin1');
  return new Promise((done) => {
    socket.on('close', () => done(said));
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      said += chunk;
      if (said.includes(enough)) done(said);
    });
  });
}

beforeEach(async () => {
  lines.length = 0;
  server = serverAt(0);
  port = (await server.listen()).port;
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.close();
});

test('a debugger is answered, a second one and a browser are not', async () => {
  expect(await talk('+$?#3f', '#d2')).toBe('+$T00thread:1;#d2');
  expect(await talk('$?#3f', '#')).toBe('');
  expect(await talk('GET / HTTP/1.1\r\n\r\n', '#')).toBe('');
  expect(lines.map((line) => line.replace(/^gdb: [\d.]+:\d+: /, ''))).toEqual([
    'debugs',
    'turned away: there is a debugger already',
    'this is no debugger',
  ]);
});

test('one that goes makes room for the next', async () => {
  expect(await talk('$?#3f', 'T00')).toContain('T00');
  sockets[0]?.destroy();
  while (!lines.some((line) => line.endsWith('gone'))) {
    await new Promise((resolve) => void setImmediate(resolve));
  }
  expect(await talk('$?#3f', 'T00')).toContain('T00');
});

test('a port that is taken says so', async () => {
  await expect(serverAt(port).listen()).rejects.toMatchObject({ code: 'BUSY' });
});
