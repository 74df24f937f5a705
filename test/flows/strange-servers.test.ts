import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { COMPATIBLE } from '../../src/device/index.ts';
import { UsbipServer } from '../../src/link/usbip/index.ts';
import { PartReader } from '../../src/link/usbip/part-reader.ts';
import { timerClock } from '../../src/usb/index.ts';
import { ran } from '../support/fake-terminal.ts';
import { MiniatureBoard } from '../support/miniature-board.ts';
import { until } from '../support/sockets.ts';

/* USB/IP servers that are not as others, in front of one that is. */

const OPERATION_BYTES = 8;
const BUS_ID_BYTES = 32;
const RECORD_BYTES = 312;
const URB_BYTES = 48;
const [IMPORT, SUBMIT, RET_SUBMIT] = [3, 1, 3];

/** What a server in between does to the answers of the one behind it. */
type Tamper = (header: Buffer, isOut: boolean) => 'pass' | 'cut';

/** One connection, header by header. */
class Between {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #tamper: Tamper;
  readonly #out = new Set<number>();
  readonly #toServer = new PartReader();
  readonly #toClient = new PartReader();
  #imports = false;

  constructor(client: Socket, port: number, tamper: Tamper) {
    this.#client = client;
    this.#server = connect(port, '127.0.0.1');
    this.#tamper = tamper;
    for (const [from, to, reader] of [
      [client, this.#server, this.#toServer],
      [this.#server, client, this.#toClient],
    ] as const) {
      from.on('data', (chunk) => reader.push(chunk));
      from.on('close', () => to.destroySoon());
      from.on('error', () => to.destroy());
    }
    this.#toServer.start(OPERATION_BYTES, (part) => {
      this.#imports = part[3] === IMPORT;
      this.#server.write(part.slice());
      if (!this.#imports) return 0;
      return this.#then(this.#toServer, this.#server, BUS_ID_BYTES, () => this.#requests());
    });
    this.#toClient.start(OPERATION_BYTES, (part) => {
      this.#client.write(part.slice());
      if (!this.#imports) return this.#rest();
      return this.#then(this.#toClient, this.#client, RECORD_BYTES, () => this.#answers());
    });
  }

  /** Passes so many bytes on, then goes on. */
  #then(reader: PartReader, to: Socket, bytes: number, next: () => number): number {
    if (bytes === 0) return next();
    reader.start(bytes, (part) => {
      to.write(part.slice());
      return next();
    });
    return bytes;
  }

  /** A list goes on as it is. */
  #rest(): number {
    return this.#then(this.#toClient, this.#client, 1, () => this.#rest());
  }

  #requests(): number {
    this.#toServer.start(URB_BYTES, (part) => {
      const header = Buffer.from(part);
      const isOut = header.readUInt32BE(0) === SUBMIT && header.readUInt32BE(12) === 0;
      if (isOut) this.#out.add(header.readUInt32BE(4));
      this.#server.write(header);
      const bytes = isOut ? header.readUInt32BE(24) : 0;
      return this.#then(this.#toServer, this.#server, bytes, () => this.#requests());
    });
    return URB_BYTES;
  }

  #answers(): number {
    this.#toClient.start(URB_BYTES, (part) => {
      const header = Buffer.from(part);
      const isOut = this.#out.delete(header.readUInt32BE(4));
      const isReply = header.readUInt32BE(0) === RET_SUBMIT;
      const bytes = isReply && !isOut ? header.readUInt32BE(24) : 0;
      if (isReply && this.#tamper(header, isOut) === 'cut') {
        this.#client.end(header);
        return 0;
      }
      this.#client.write(header);
      return this.#then(this.#toClient, this.#client, bytes, () => this.#answers());
    });
    return URB_BYTES;
  }
}

const all = { canDnload: true, canUpload: true, manifestationTolerant: true, willDetach: true };
const image = Uint8Array.from({ length: 3000 }, (_, at) => at * 7);

let folder: string;
let server: UsbipServer;
let board: MiniatureBoard;
const closers: (() => void)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-servers-'));
  writeFileSync(join(folder, 'image.bin'), image);
});
afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await server.close();
  rmSync(folder, { recursive: true });
});

/** A server in front of a board; the answer is what `--bus` takes. */
async function inFront(tamper: Tamper): Promise<string> {
  server = new UsbipServer({ clock: timerClock(globalThis), port: 0 });
  board = new MiniatureBoard(all, 1024, COMPATIBLE, { starts: 'loader' });
  server.add(board.device);
  const { port } = await server.listen();
  const front = createServer((socket) => void new Between(socket, port, tamper));
  front.listen(0, '127.0.0.1');
  closers.push(() => front.close());
  await until(() => front.listening);
  return `usbip://127.0.0.1:${(front.address() as AddressInfo).port}`;
}

test('one that acknowledges what is sent with actual_length 0 (jiegec/usbip#13)', async () => {
  let acknowledged = 0;
  const bus = await inFront((header, isOut) => {
    if (isOut) acknowledged += header.writeUInt32BE(0, 24);
    return 'pass';
  });
  const args = ['download', join(folder, 'image.bin'), '-a', '1', '--bus', bus];
  const { exit, out } = await ran(args);
  expect([exit, out]).toEqual([0, expect.stringContaining('File downloaded successfully\nDone!')]);
  expect(acknowledged).toBeGreaterThan(0);
  expect(Buffer.compare(board.disks[1]?.content ?? Buffer.alloc(0), image)).toBe(0);
});

test('one that is cut off within an answer: the device has gone, and at once', async () => {
  let answers = 0;
  const bus = await inFront((header, isOut) => {
    if (!isOut && header.readUInt32BE(24) === 6) answers += 1;
    return answers === 3 ? 'cut' : 'pass';
  });
  const before = performance.now();
  const args = ['download', join(folder, 'image.bin'), '-a', '1', '--bus', bus];
  const { exit, err } = await ran(args);
  expect([exit, err]).toEqual([79, expect.stringContaining('the device has gone')]);
  // Not the five seconds that a transfer may take; the rest is the machine's.
  expect(performance.now() - before).toBeLessThan(4500);
});

test.each([
  ['list', 76],
  ['detach', 76],
])('%s: one that breaks the protocol is told as such', async (command, code) => {
  const bus = await inFront((header, isOut) => {
    if (!isOut) header.writeUInt32BE(0x7fffffff, 24);
    return 'pass';
  });
  const { exit, out, err } = await ran([command, '--bus', bus]);
  expect([exit, out]).toEqual([code, '']);
  expect(err).toMatch(/RET_SUBMIT\.actual_length: expected at most 18, got 2147483647/);
  expect(err).not.toContain('No DFU capable');
});
