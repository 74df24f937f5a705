import { connect } from 'node:net';
import { BUS_ID_BYTES, operationHeader, submitCommand } from '../../src/link/usbip/protocol.ts';
import { CliBoard } from '../support/cli-board.ts';
import { ran } from '../support/fake-terminal.ts';
import type { Attack, UnderWay } from './attack.ts';
import { mutated } from './mutate.ts';
import type { Random } from './random.ts';

const SUBMIT = 1;
const UNLINK = 2;
/** Between two looks whether the board still serves others. */
const LOOK_EVERY = 25;

function importRequest(): Uint8Array {
  const bytes = new Uint8Array(8 + BUS_ID_BYTES);
  bytes.set(operationHeader.encode({ version: 0x0111, code: 0x8003, status: 0 }));
  bytes.set(new TextEncoder().encode('1-1'), 8);
  return bytes;
}

/** A command that a host could send, or nearly. */
function command(random: Random): Uint8Array {
  const length = random.pick([0, 6, 18, 64, 4096, 65_535]);
  const isIn = random.once(2);
  const head = submitCommand.encode({
    command: random.once(6) ? UNLINK : SUBMIT,
    sequence: random.below(40),
    deviceId: 0x00010001,
    direction: isIn ? 1 : 0,
    endpoint: random.once(20) ? random.below(16) : 0,
    flags: 0,
    length,
    startFrame: 0,
    packets: 0xffffffff,
    interval: 0,
    setup: {
      bmRequestType: random.pick([0x00, 0x80, 0x01, 0x81, 0x21, 0xa1, 0xc0, random.below(256)]),
      bRequest: random.once(8) ? random.below(256) : random.below(12),
      wValue: random.pick([0, 1, 0x0100, 0x0200, 0x0302, random.below(0x10000)]),
      wIndex: random.once(4) ? random.below(0x10000) : 0,
      wLength: length,
    },
  });
  if (isIn || length === 0) return head;
  return Uint8Array.from([
    ...head,
    ...random.bytes(Math.min(length, random.once(4) ? 10 : length)),
  ]);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

class SocketAttack implements UnderWay {
  readonly #board: CliBoard;
  readonly #port: number;
  #rounds = 0;

  constructor(board: CliBoard) {
    this.#board = board;
    this.#port = Number(/:(\d+)$/.exec(board.bus)?.[1]);
  }

  async round(random: Random): Promise<void> {
    const commands = Array.from({ length: random.below(12) }, () => command(random));
    const sound = joined([...(random.once(10) ? [] : [importRequest()]), ...commands]);
    const sent = random.once(2) ? mutated(sound, random) : sound;
    await this.#send(sent, random);
    this.#rounds += 1;
    if (this.#rounds % LOOK_EVERY === 0) await this.#look();
  }

  /** Sends in pieces, and goes when it has sent all or somewhere before. */
  #send(bytes: Uint8Array, random: Random): Promise<void> {
    const end = random.once(3) ? random.below(bytes.length + 1) : bytes.length;
    const destroy = random.once(2);
    return new Promise((done) => {
      const socket = connect({ port: this.#port, host: '127.0.0.1' }, () => {
        socket.write(bytes.subarray(0, end >> 1));
        socket.write(bytes.subarray(end >> 1, end), () => {
          if (destroy) socket.destroy();
          else socket.end();
        });
      });
      socket.on('data', () => {}).on('error', () => {});
      socket.on('close', () => done());
    });
  }

  async #look(): Promise<void> {
    const { exit, out, err } = await ran(['list', '--bus', this.#board.bus]);
    if (exit !== 0 || !out.includes('RIOT-OS Slot 0'))
      throw new Error(`the board serves nobody any more: ${exit} ${out}${err}`);
  }

  async end(): Promise<void> {
    await this.#look();
    const exit = await this.#board.quit();
    if (exit !== 0) throw new Error(`the board ended with ${exit}`);
  }
}

/** Whoever reaches the port of a board's USB/IP server. */
export const socket: Attack = {
  name: 'sockets that send the USB/IP server anything',
  rounds: 150,
  async begin() {
    return new SocketAttack(await CliBoard.start('particle-xenon'));
  },
};
