import { encodeUtf8, fromHex, toHex } from '../../bytes/index.ts';
import type { DebugSeat, SeatListener } from './debug-seat.ts';
import type { GdbBoard } from './gdb-board.ts';
import { FEATURES, transferText } from './gdb-descriptions.ts';
import { GdbLoad } from './gdb-load.ts';
import { GdbMemory } from './gdb-memory.ts';
import { GdbRegisters } from './gdb-registers.ts';
import { monitorCommand } from './monitor.ts';
import { numberOfHex } from './remote-packets.ts';
import type { DebugStop } from './target.ts';

/** Where answers go. */
interface Answers {
  send(payload: string): void;
  /** From the next packet on, nothing is acknowledged. */
  withoutAcks(): void;
}

/** Most breakpoints: a chip has four, and this is no reason to have as few. */
const MOST_BREAKPOINTS = 1024;

/** GDB's numbers of signals (include/gdb/signals.def). */
const Signal = {
  none: '00',
  interrupt: '02',
  trap: '05',
  segmentation: '0b',
  power: '20',
} as const;

const THREAD = 'thread:1;';

function stopReply(stop: DebugStop | undefined): string {
  if (stop === undefined) return `T${Signal.none}${THREAD}`;
  const signals = {
    start: Signal.trap,
    halt: Signal.interrupt,
    step: Signal.trap,
    breakpoint: Signal.trap,
    fault: Signal.segmentation,
  };
  return `T${signals[stop.reason]}${THREAD}`;
}

const hexText = (text: string): string => toHex(encodeUtf8(text));

/** What an answer was not sent for: it comes when the chip stops. */
const LATER = undefined;

/** The packets of one debugger, one after the other. */
export class GdbCommands {
  readonly #seat: DebugSeat;
  readonly #board: GdbBoard;
  readonly #answers: Answers;
  readonly #registers: GdbRegisters;
  readonly #memory: GdbMemory;
  readonly #load: GdbLoad;
  readonly #breakpoints = new Set<number>();
  /** gdb has let it run and waits for a stop. */
  #running = false;
  #sitting = true;

  constructor(seat: DebugSeat, board: GdbBoard, answers: Answers) {
    this.#seat = seat;
    this.#board = board;
    this.#answers = answers;
    this.#registers = new GdbRegisters(seat);
    this.#memory = new GdbMemory(seat);
    this.#load = new GdbLoad(seat, board);
    seat.sit(this.#listener());
    seat.holds = true;
    void seat.halt();
  }

  /** Ctrl-C. */
  async interrupt(): Promise<void> {
    if (!this.#running) return;
    this.#seat.holds = true;
    await this.#seat.halt();
    // Nothing is there that could be halted.
    if (this.#running && this.#seat.stop === undefined) this.#report(Signal.interrupt);
  }

  /** Carries a packet out and answers it. */
  async packet(payload: string): Promise<void> {
    const answer = await this.#answerTo(payload);
    if (answer !== LATER) this.#answers.send(answer);
  }

  end(): void {
    if (!this.#sitting) return;
    this.#sitting = false;
    this.#running = false;
    this.#breakpoints.clear();
    this.#seat.leave();
  }

  #listener(): SeatListener {
    return {
      stopped: (stop) => this.#stopped(stop),
      powerLost: () => {
        if (!this.#running) return;
        this.#print('the board has lost its power; continue waits until it has it again\n');
        this.#report(Signal.power);
      },
    };
  }

  #stopped(stop: DebugStop): void {
    if (!this.#running) return;
    if (stop.reason === 'fault') this.#print(`${stop.words}\n`);
    this.#running = false;
    this.#seat.holds = true;
    this.#answers.send(stopReply(stop));
  }

  /** Nothing is there that could say why it stands. */
  #report(signal: string): void {
    this.#running = false;
    this.#seat.holds = true;
    this.#answers.send(`T${signal}${THREAD}`);
  }

  /** While gdb waits for an answer, it prints this. */
  #print(text: string): void {
    this.#answers.send(`O${hexText(text)}`);
  }

  async #answerTo(payload: string): Promise<string | undefined> {
    const rest = payload.slice(1);
    switch (payload.charAt(0)) {
      case '?':
        await this.#seat.halt();
        return stopReply(this.#seat.stop);
      case '!':
        return 'OK';
      case 'g':
        return this.#registers.all();
      case 'G':
        return this.#registers.setAll(rest);
      case 'p':
        return this.#registers.one(rest);
      case 'P':
        return this.#registers.setOne(rest);
      case 'm':
        return this.#memory.read(rest);
      case 'M':
        return this.#memory.writeHex(rest);
      case 'X':
        return this.#memory.writeBytes(rest);
      case 'Z':
      case 'z':
        return this.#breakpoint(payload[0] === 'Z', rest);
      case 'c':
      case 's':
        return this.#resume(payload[0] === 'c' ? 'run' : 'step', rest);
      case 'C':
      case 'S':
        return this.#resume(payload[0] === 'C' ? 'run' : 'step', rest.replace(/^[^;]*;?/, ''));
      case 'H':
      case 'T':
        return 'OK';
      case 'D':
        this.end();
        return 'OK';
      case 'k':
        this.end();
        return LATER;
      case 'R':
        await this.#monitor('reset halt');
        return LATER;
      case 'q':
      case 'Q':
        return this.#query(payload);
      case 'v':
        return this.#verbose(payload);
      default:
        return '';
    }
  }

  /** `type,addr,kind`: the core has no watchpoints, and one kind of breakpoint for flash and RAM alike. */
  #breakpoint(insert: boolean, text: string): string {
    const [, type, address = ''] = /^([0-4]),([0-9a-f]+),[0-9a-f]+(?:;.*)?$/i.exec(text) ?? [];
    if (type !== '0' && type !== '1') return '';
    const at = numberOfHex(address);
    if (at === undefined) return 'E01';
    const even = at - (at % 2);
    if (insert && this.#breakpoints.size >= MOST_BREAKPOINTS) return 'E28';
    if (insert) this.#breakpoints.add(even);
    else this.#breakpoints.delete(even);
    this.#seat.setBreakpoints([...this.#breakpoints]);
    return 'OK';
  }

  /** `address` is where to go on, if it is not empty. */
  async #resume(how: 'run' | 'step', address = ''): Promise<string | undefined> {
    if (!this.#sitting) return 'E01';
    if (address !== '') {
      const pc = numberOfHex(address);
      if (pc === undefined || !(await this.#registers.setPc(pc))) return 'E01';
    }
    const hasPassed = await this.#passBkpt();
    if (hasPassed && how === 'step') return stopReply({ reason: 'step' });
    this.#running = true;
    this.#seat.holds = how === 'step';
    this.#seat.resume(how);
    return LATER;
  }

  /** A BKPT instruction of the program's own stops each time it is come to: going on means behind it. */
  async #passBkpt(): Promise<boolean> {
    if (this.#seat.stop?.reason !== 'breakpoint') return false;
    const pc = await this.#registers.pc();
    if (pc === undefined || this.#breakpoints.has(pc)) return false;
    const code = await this.#memory.bytes(pc, 2);
    return code?.[1] === 0xbe && this.#registers.setPc(pc + 2);
  }

  async #query(payload: string): Promise<string> {
    const [, name = '', rest = ''] = /^(\w+)[:,]?(.*)$/s.exec(payload) ?? [];
    switch (name) {
      case 'qSupported':
        return FEATURES;
      case 'QStartNoAckMode':
        this.#answers.withoutAcks();
        return 'OK';
      case 'qAttached':
        return '1';
      case 'qC':
        return 'QC1';
      case 'qfThreadInfo':
        return 'm1';
      case 'qsThreadInfo':
        return 'l';
      case 'qThreadExtraInfo':
        return hexText(this.#board.chip);
      case 'qXfer':
        return transferText(rest, this.#board);
      case 'qRcmd':
        return this.#monitor(hexWords(rest));
      default:
        return '';
    }
  }

  async #monitor(words: string): Promise<string> {
    const said = await monitorCommand(words, this.#seat, this.#board);
    if (said !== '') this.#print(said);
    return 'OK';
  }

  async #verbose(payload: string): Promise<string | undefined> {
    const [, name = '', rest = ''] = /^(\w+\??)[:;]?(.*)$/s.exec(payload) ?? [];
    switch (name) {
      case 'vCont?':
        return 'vCont;c;C;s;S';
      case 'vCont':
        return this.#continueThreads(rest);
      case 'vAttach':
        return this.#attach();
      case 'vRun':
        this.#sit();
        await this.#monitor('reset halt');
        return stopReply(this.#seat.stop);
      case 'vKill':
        this.end();
        return 'OK';
      case 'vFlashErase':
        return this.#load.erase(rest);
      case 'vFlashWrite':
        return this.#load.write(rest);
      case 'vFlashDone':
        return this.#loaded();
      default:
        return '';
    }
  }

  /** Where no machine code ran, gdb sets the pc of what it has loaded next: the board starts it, and it stands. */
  async #loaded(): Promise<string> {
    const answer = await this.#load.done();
    const isNew = answer === 'OK' && this.#seat.target === undefined;
    if (isNew) await monitorCommand('reset halt', this.#seat, this.#board);
    return answer;
  }

  /** `action:thread;action…`: there is one thread, so the first action is its. */
  #continueThreads(text: string): Promise<string | undefined> {
    const how = /^[cC]/.test(text) ? 'run' : /^[sS]/.test(text) ? 'step' : undefined;
    return how === undefined ? Promise.resolve('E01') : this.#resume(how);
  }

  async #attach(): Promise<string> {
    this.#sit();
    await this.#seat.halt();
    return stopReply(this.#seat.stop);
  }

  /** A debugger that has let go and kept its line takes its seat again. */
  #sit(): void {
    if (this.#sitting) return;
    this.#sitting = true;
    this.#seat.sit(this.#listener());
    this.#seat.holds = true;
  }
}

/** Text that came as hex digits; empty for what is none. */
function hexWords(digits: string): string {
  if (digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) return '';
  return String.fromCharCode(...fromHex(digits).subarray(0, 200));
}
