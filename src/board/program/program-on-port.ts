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
 * What the console takes at one moment of the board's clock: a line counts one, and so do each 4096 characters. The rest
 * waits for the next millisecond, as at a serial line, and leaves its turn to everything else.
 */
const CONSOLE_BUDGET = 1000;
const BUDGET_CHARACTERS = 4096;

/**
 * What is carried out at one moment of the board's clock: a call counts one, and so do each 4096 bytes of flash that it
 * reads or erases. What is more waits for the next millisecond, so that whoever else there is has a turn.
 */
const WORK_BUDGET = 4096;
const BUDGET_BYTES = 4096;

/** Answers that a program has not read, in bytes: with more under way nothing that it asks is heard. */
const MOST_UNREAD = 0x40_0000;

/** What a program that keeps to its credit never has waiting, in units: one that does not is no program of ours. */
const MOST_WAITING = 4 * MOST_UNITS;

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
  /** What came and waits for the console, in order, from `#next` on. */
  #inbox: PortMessage[] = [];
  #next = 0;
  #inboxUnits = 0;
  /** Text of the message under way that the console has not taken, and what that counts, in units. */
  #text = '';
  #textUnits = 0;
  #spent = 0;
  /** What was carried out at this moment, by the budget of work. */
  #worked = 0;
  #spentAtMs = -1;
  #stopWaiting: (() => void) | undefined;
  /** Why the program is over, when all that it said before has been heard. */
  #ending: string | undefined;
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
    port.onEnd((why) => {
      this.#ending ??= why;
      this.#work();
    });
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
    this.#stopWaiting?.();
    this.#inbox = [];
    this.#calls.stop();
    this.#usb.stop();
  }

  #message(wild: unknown): void {
    if (this.#over) return;
    try {
      const message = checkMessage(wild);
      this.#inboxUnits += unitsOf(message);
      if (this.#inboxUnits > MOST_WAITING) {
        throw new DfuError('MALFORMED', `more than ${MOST_WAITING} units without credit`);
      }
      this.#inbox.push(message);
    } catch (error) {
      this.#nonsense(error);
      return;
    }
    this.#work();
  }

  /** Only a program that has broken out of its interface says what makes no sense. */
  #nonsense(error: unknown): void {
    this.#fault(`nonsense from the program: ${String(error)}`);
  }

  /** Hears what has come, in order, until the console must wait. */
  #work(): void {
    while (!this.#over && this.#stopWaiting === undefined) {
      if (this.#text !== '') this.#print();
      else if (this.#mustWait()) this.#waitAMoment();
      else if (!this.#hearNext()) break;
    }
    const idle = this.#stopWaiting === undefined && this.#text === '';
    if (idle && this.#ending !== undefined) this.#fault(this.#ending);
  }

  /** Whether enough was done for this moment, or the program reads none of its answers. */
  #mustWait(): boolean {
    if (this.#next >= this.#inbox.length) return false;
    this.#look();
    return this.#worked >= WORK_BUDGET || (this.#port.unreadBytes ?? 0) > MOST_UNREAD;
  }

  #waitAMoment(): void {
    const { clock } = this.#board;
    this.#stopWaiting = clock.at(clock.now() + 1, () => {
      this.#stopWaiting = undefined;
      this.#work();
    });
  }

  /** A new moment has new budgets. */
  #look(): void {
    const now = this.#board.clock.now();
    if (this.#spentAtMs === now) return;
    this.#spentAtMs = now;
    this.#spent = 0;
    this.#worked = 0;
  }

  /** Answers whether there was anything. */
  #hearNext(): boolean {
    const message = this.#inbox[this.#next];
    if (message === undefined) {
      this.#inbox = [];
      this.#next = 0;
      return false;
    }
    this.#next += 1;
    const units = unitsOf(message);
    this.#inboxUnits -= units;
    try {
      this.#heard(unpackMessage(message) as FromProgram);
    } catch (error) {
      this.#nonsense(error);
      return false;
    }
    if (this.#text === '') this.#repay(units);
    else this.#textUnits = units;
    return true;
  }

  /** As much of the text as the console takes now; the rest waits. */
  #print(): void {
    this.#look();
    const part = this.#affordable();
    this.#text = this.#text.slice(part.length);
    if (part !== '') this.#board.uart.write(part);
    if (this.#over) return;
    if (this.#text === '') {
      this.#repay(this.#textUnits);
      return;
    }
    this.#waitAMoment();
  }

  /** The beginning of the text that there is budget for, which is spent. */
  #affordable(): string {
    const text = this.#text;
    let end = 0;
    while (end < text.length && this.#spent < CONSOLE_BUDGET) {
      const most = end + BUDGET_CHARACTERS;
      const newline = text.indexOf('\n', end);
      end = newline < 0 ? Math.min(most, text.length) : Math.min(most, newline + 1);
      this.#spent += 1;
    }
    return text.slice(0, end);
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
        this.#text = this.#console.read(message.bytes);
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
    this.#worked += costOf(call);
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

/** What a call takes of the budget of work: the second argument of what reads or erases flash is a length. */
function costOf({ name, args, bytes }: CallMessage): number {
  const [, told] = Array.isArray(args) ? (args as readonly unknown[]) : [];
  const long = (name === 'flashRead' || name === 'flashErase') && typeof told === 'number';
  const length = long && told > 0 ? told : (bytes?.length ?? 0);
  return 1 + Math.min(WORK_BUDGET, Math.floor(length / BUDGET_BYTES));
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
