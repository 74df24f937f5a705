import { DfuError, Utf8Reader, encodeUtf8 } from '../../bytes/index.ts';
import type { ChipModel, CoreFault } from '../../chip/index.ts';
import type { DebugAnswer, DebugRequest, DebugStart, DebugTarget } from '../debug/target.ts';
import type { Peripherals } from '../seams/peripherals.ts';
import { MachineDevice } from './machine-device.ts';
import type { MachineOptions } from './options.ts';
import type { MachineNotice, MachineOrder } from './protocol.ts';

/** The chip, wherever it is. */
interface MachineWire {
  /** Never called before the wire has been made. */
  send(order: MachineOrder): void;
  /** Erase and program as the chip's flash has them: carried out when they return, also in what the chip reads. */
  readonly flash: {
    program(offsetBytes: number, bytes: Uint8Array): void;
    erase(offsetBytes: number, lengthBytes: number): void;
  };
}

/** How long what is held at a start stays held, in ms of the board's clock. */
const HOLD_MS = 50;

/** A chip with machine code and its board: what it says is carried out, and it hears what happens. */
export class MachineOnBoard {
  readonly #board: Peripherals;
  readonly #options: MachineOptions;
  readonly #model: ChipModel;
  readonly #device: MachineDevice;
  readonly #console = new Utf8Reader();
  readonly #asked = new Map<number, (answer: DebugAnswer | undefined) => void>();
  #wire: MachineWire | undefined;
  /** What has become of buttons while the chip was starting; undefined: it has started. */
  #held: Map<string, boolean | undefined> | undefined;
  #letGo: (() => void) | undefined;
  #questions = 0;
  #over = false;

  constructor(board: Peripherals, model: ChipModel, options: MachineOptions) {
    this.#board = board;
    this.#model = model;
    this.#options = options;
    this.#device = new MachineDevice((order) => this.#send(order));
  }

  /** Tells the debugger of the chip; the answer is how it wants it to start. To be called before the chip is made. */
  debug(): DebugStart | undefined {
    return this.#options.debugger?.attached(this.#target());
  }

  /** The chip is there: from now on it is spoken with. */
  connect(wire: MachineWire): void {
    const board = this.#board;
    this.#wire = wire;
    board.watchdog.onWarning(() => this.#send({ type: 'ping' }));
    board.uart.onLine((line) => this.#send({ type: 'input', bytes: encodeUtf8(`${line}\r\n`) }));
    this.#held = new Map();
    board.buttons.onChange((name, level) => {
      if (this.#held === undefined) this.#send({ type: 'pin', name, level });
      else this.#held.set(name, level);
    });
    board.usb.present(this.#device);
    // A thread takes its time to begin: that is none of the program's.
    board.watchdog.hold();
    this.#send({ type: 'ping' });
  }

  /** What the chip tells. */
  heard(notice: MachineNotice): void {
    if (this.#over) return;
    const board = this.#board;
    switch (notice.type) {
      case 'attached':
      case 'detached':
      case 'ended':
      case 'log':
        this.#device.heard(notice);
        break;
      case 'console':
        board.uart.write(this.#console.read(notice.bytes));
        break;
      case 'pin':
        this.#lamp(notice.name, notice.level);
        break;
      case 'warn':
        board.uart.write(`board: ${notice.words}\n`);
        break;
      case 'fault':
        this.#faulted(notice.fault);
        break;
      case 'reset':
        board.reset(notice.cause);
        break;
      case 'jump':
        board.enterLoader();
        break;
      case 'pong':
        board.watchdog.feed();
        this.#begun();
        break;
      case 'answer':
        this.#asked.get(notice.id)?.(notice.answer);
        this.#asked.delete(notice.id);
        break;
      case 'stopped':
        this.#options.debugger?.stopped(notice.stop);
        break;
      default:
        notice satisfies never;
    }
  }

  /** The program cannot be run, or whatever ran it is gone. */
  failed(why: string): void {
    if (!this.#over) this.#board.fault(why);
  }

  /** From this call on it touches nothing. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#letGo?.();
    this.#board.buttons.onChange(undefined);
    for (const answer of this.#asked.values()) answer(undefined);
    this.#asked.clear();
    this.#options.debugger?.gone();
  }

  /** It runs. A button that was held while it was started is let go when its ROM has looked at it. */
  #begun(): void {
    if (this.#held === undefined || this.#letGo !== undefined) return;
    const { clock } = this.#board;
    this.#letGo = clock.at(clock.now() + HOLD_MS, () => {
      const held = this.#held ?? [];
      this.#held = undefined;
      for (const [name, level] of held) this.#send({ type: 'pin', name, level });
    });
  }

  #faulted({ words, ...core }: CoreFault): void {
    this.#board.fault(core.unmodelled ? words : `hard fault: ${words}`, core);
  }

  #send(order: MachineOrder): void {
    if (!this.#over) this.#wire?.send(order);
  }

  /** A pin that a lamp is on. */
  #lamp(pin: string, level: boolean | undefined): void {
    const { sensors } = this.#board;
    for (const [index, { class: kind, pin: own }] of sensors.models.entries()) {
      if (kind === 'ACT_SWITCH' && own === pin) sensors.write(index, level === true ? 1 : 0);
    }
  }

  #target(): DebugTarget {
    const changed = (offsetBytes: number, lengthBytes: number): void =>
      this.#send({ type: 'flash-changed', offsetBytes, lengthBytes });
    const flash = (): MachineWire['flash'] => {
      if (this.#wire !== undefined && !this.#over) return this.#wire.flash;
      throw new DfuError('POWER_LOST', 'flash: the board was reset');
    };
    return {
      chip: this.#model,
      ask: (request) => this.#ask(request),
      halt: () => this.#send({ type: 'halt' }),
      resume: (how) => {
        this.#send({ type: 'resume', how });
      },
      eraseFlash: async (offsetBytes, lengthBytes) => {
        flash().erase(offsetBytes, lengthBytes);
        changed(offsetBytes, lengthBytes);
      },
      programFlash: async (offsetBytes, bytes) => {
        flash().program(offsetBytes, bytes);
        changed(offsetBytes, bytes.length);
      },
    };
  }

  #ask(request: DebugRequest): Promise<DebugAnswer | undefined> {
    if (this.#over || this.#wire === undefined) return Promise.resolve(undefined);
    this.#questions += 1;
    const id = this.#questions;
    return new Promise((resolve) => {
      this.#asked.set(id, resolve);
      this.#send({ type: 'ask', id, request });
    });
  }
}
