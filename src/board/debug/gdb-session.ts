import { PacketReader, packetOf } from './remote-packets.ts';
import type { RemoteInput } from './remote-packets.ts';
import { GdbCommands } from './gdb-commands.ts';
import type { GdbBoard } from './gdb-board.ts';
import type { DebugSeat } from './debug-seat.ts';

/** Most that may wait: gdb sends one packet at a time, and Ctrl-C. */
const MOST_WAITING = 64;

/** Most times that one packet is sent again. */
const MOST_REPEATS = 16;

/** A line to a debugger. */
export interface GdbLine {
  send(bytes: Uint8Array): void;
  /** What came makes no sense: hang up. */
  fail(words: string): void;
}

/** One debugger from its first byte to its last: GDB manual, appendix E. */
export class GdbSession {
  readonly #line: GdbLine;
  readonly #ended: () => void;
  readonly #reader = new PacketReader();
  readonly #commands: GdbCommands;
  readonly #waiting: RemoteInput[] = [];
  #working = false;
  #over = false;
  #acks = true;
  #last: Uint8Array | undefined;
  #repeats = 0;

  constructor(
    line: GdbLine,
    { seat, board, ended }: { seat: DebugSeat; board: GdbBoard; ended: () => void },
  ) {
    this.#line = line;
    this.#ended = ended;
    this.#commands = new GdbCommands(seat, board, {
      send: (payload) => this.#send(payload),
      withoutAcks: () => {
        this.#acks = false;
      },
    });
  }

  /** Bytes from the debugger, in pieces of any length. */
  input(bytes: Uint8Array): void {
    for (const input of this.#reader.read(bytes)) {
      if (this.#over) return;
      this.#take(input);
    }
  }

  /** It has gone, or is to go: the chip runs on. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#commands.end();
    this.#ended();
  }

  #take(input: RemoteInput): void {
    if (input.type === 'too-long') this.#fail('a packet was longer than was agreed');
    else if (input.type === 'damaged') this.#sendRaw('-');
    else if (input.type === 'resend') this.#resend();
    else if (input.type === 'packet' || input.type === 'interrupt') this.#queue(input);
  }

  #queue(input: RemoteInput): void {
    if (input.type === 'packet') this.#sendRaw('+');
    if (this.#waiting.length === MOST_WAITING) {
      this.#fail(`more than ${MOST_WAITING} packets without waiting for an answer`);
      return;
    }
    this.#waiting.push(input);
    if (!this.#working) void this.#work();
  }

  async #work(): Promise<void> {
    this.#working = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (this.#over) break;
      try {
        if (next.type === 'interrupt') await this.#commands.interrupt();
        if (next.type === 'packet') await this.#commands.packet(next.payload);
      } catch (error) {
        this.#fail(String(error));
      }
    }
    this.#working = false;
  }

  #send(payload: string): void {
    if (this.#over) return;
    this.#last = packetOf(payload);
    this.#repeats = 0;
    this.#line.send(this.#last);
  }

  #sendRaw(sign: '+' | '-'): void {
    if (this.#acks) this.#line.send(Uint8Array.of(sign.charCodeAt(0)));
  }

  #resend(): void {
    if (!this.#acks || this.#last === undefined) return;
    this.#repeats += 1;
    if (this.#repeats > MOST_REPEATS) this.#fail(`one packet asked for ${MOST_REPEATS} times`);
    else this.#line.send(this.#last);
  }

  #fail(words: string): void {
    this.end();
    this.#line.fail(words);
  }
}
