import { DfuError, Utf8Reader, encodeUtf8 } from '../../bytes/index.ts';
import type { Peripherals, RunningProgram } from '../seams/peripherals.ts';
import { ProgramCalls } from './calls.ts';
import { CREDIT_UNITS, MOST_UNITS, packMessage, unitsOf, unpackMessage } from './port.ts';
import type { PortMessage, ProgramPort } from './port.ts';
import type { CallMessage, FromProgram, ToProgram } from './protocol.ts';
import { ProgramUsb } from './usb.ts';

/** Typed lines that a program has not taken yet; more are lost, as in a UART that nobody reads. */
const MOST_LINES = 64;

/**
 * A program behind a port, and its board: what it says is checked, bounded and carried out, and it hears what happens.
 * Nothing here knows where the program runs.
 */
export class ProgramOnPort implements RunningProgram {
  readonly #board: Peripherals;
  readonly #port: ProgramPort;
  readonly #usb: ProgramUsb;
  readonly #calls: ProgramCalls;
  readonly #console = new Utf8Reader();
  #linesUnderWay = 0;
  /** What was read and not given back as credit yet, in units. */
  #owed = 0;
  #over = false;
  #stopped: Promise<void> | undefined;

  constructor(board: Peripherals, port: ProgramPort) {
    this.#board = board;
    this.#port = port;
    this.#usb = new ProgramUsb(board, (message) => this.#send(message));
    this.#calls = new ProgramCalls(board, this.#usb);
    port.onMessage((message) => this.#message(message));
    port.onEnd((why) => this.#fault(why));
    // The program tells of its first line by feeding it.
    board.watchdog.hold();
    board.watchdog.onWarning(() => this.#send({ type: 'ping' }));
    board.uart.onLine((text) => this.#typed(text));
  }

  stop(): Promise<void> {
    this.#end();
    this.#stopped ??= this.#port.terminate();
    return this.#stopped;
  }

  #send(message: ToProgram): void {
    if (!this.#over) this.#port.post(packMessage(message));
  }

  #typed(text: string): void {
    if (this.#linesUnderWay >= MOST_LINES) return;
    this.#linesUnderWay += 1;
    this.#send({ type: 'line', bytes: encodeUtf8(text) });
  }

  #fault(message: string): void {
    if (this.#over) return;
    this.#end();
    this.#board.fault(`crash: ${message}`);
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#calls.stop();
    this.#usb.stop();
  }

  #message(wild: unknown): void {
    if (this.#over) return;
    try {
      const message = checkMessage(wild);
      this.#heard(unpackMessage(message) as FromProgram);
      this.#repay(unitsOf(message));
    } catch (error) {
      // Only a program that has broken out of its interface says what makes no sense.
      this.#fault(`nonsense from the program: ${String(error)}`);
    }
  }

  /** Credit goes back in large pieces: one for each message would double their number. */
  #repay(units: number): void {
    this.#owed += units;
    if (this.#owed < CREDIT_UNITS / 2 || this.#over) return;
    this.#port.post({ credit: this.#owed });
    this.#owed = 0;
  }

  #heard(message: FromProgram): void {
    switch (message.type) {
      case 'print':
        this.#board.uart.write(this.#console.read(message.bytes));
        return;
      case 'fed':
        this.#board.watchdog.feed();
        return;
      case 'taken':
        this.#linesUnderWay = Math.max(0, this.#linesUnderWay - 1);
        return;
      case 'usb-heard':
        this.#usb.heard();
        return;
      case 'usb-taken':
        this.#usb.taken();
        return;
      case 'dfu-allowed':
        this.#usb.allowed(message);
        return;
      case 'answer':
        this.#usb.answer(message);
        return;
      case 'call':
        this.#call(message);
        return;
      default:
        message satisfies never;
    }
  }

  #call(call: CallMessage): void {
    const { id } = call;
    try {
      this.#calls.run(call, (value) => {
        const result = { type: 'result', id } as const;
        if (value instanceof Uint8Array) this.#send({ ...result, value: null, bytes: value });
        else this.#send({ ...result, value });
      });
    } catch (error) {
      if (!DfuError.is(error)) throw error;
      this.#send({ type: 'error', id, code: error.code, message: error.message });
    }
  }
}

/**
 * A message as the protocol has it: text and bytes of its own, not too long. Throws `MALFORMED`; of what is inside each
 * reader checks its part.
 */
function checkMessage(wild: unknown): PortMessage {
  const { head, bytes } = (wild ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof head !== 'string') {
    throw new DfuError('MALFORMED', `expected a message, got ${typeof wild}`);
  }
  // Bytes that the program keeps could change after they were looked at.
  const own = bytes instanceof Uint8Array && bytes.buffer instanceof ArrayBuffer;
  if (bytes !== undefined && !own) {
    throw new DfuError('MALFORMED', 'expected bytes with the message, got something else');
  }
  const units = head.length + (own ? bytes.buffer.byteLength : 0);
  if (units > MOST_UNITS) {
    throw new DfuError('MALFORMED', `a message of ${units} units, expected at most ${MOST_UNITS}`);
  }
  return { head, bytes: own ? bytes : undefined };
}
