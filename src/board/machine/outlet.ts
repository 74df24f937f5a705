import type { MachineNotice } from './protocol.ts';

/** Console bytes that are kept together before they are told. */
const CONSOLE_BYTES = 4096;

/** What a chip prints and how its pins stand, kept together until somebody is to hear of it. */
export class Outlet {
  readonly #tell: (notice: MachineNotice) => void;
  readonly #console: Uint8Array = new Uint8Array(CONSOLE_BYTES);
  #consoleBytes = 0;
  /** Pins that have changed, and what was told of them. */
  readonly #pins = new Map<string, boolean | undefined>();
  readonly #toldPins = new Map<string, boolean | undefined>();

  constructor(tell: (notice: MachineNotice) => void) {
    this.#tell = tell;
  }

  /** A byte for the console. */
  put(byte: number): void {
    this.#console[this.#consoleBytes] = byte;
    this.#consoleBytes += 1;
    if (this.#consoleBytes === CONSOLE_BYTES) this.#flushConsole();
  }

  /** A pin is driven, or (undefined) is not any more. */
  drive(name: string, level: boolean | undefined): void {
    this.#pins.set(name, level);
  }

  /** Tells what has been printed, and how the pins stand now. */
  flush(): void {
    this.#flushConsole();
    if (this.#pins.size === 0) return;
    for (const [name, level] of this.#pins) {
      if (this.#toldPins.has(name) && this.#toldPins.get(name) === level) continue;
      this.#toldPins.set(name, level);
      this.#tell({ type: 'pin', name, level });
    }
    this.#pins.clear();
  }

  #flushConsole(): void {
    if (this.#consoleBytes === 0) return;
    const bytes = this.#console.slice(0, this.#consoleBytes);
    this.#consoleBytes = 0;
    this.#tell({ type: 'console', bytes });
  }
}
