import { DfuError, hexNumber } from '../../bytes/index.ts';
import type {
  Chip,
  ChipFlash,
  ChipModel,
  ChipOrder,
  ChipOutside,
  ChipStop,
} from '../../chip/index.ts';
import { UsbHost } from '../../chip/index.ts';
import { debugAnswer, stepChip } from '../debug/chip-debug.ts';
import type { DebugStart, DebugStop } from '../debug/target.ts';
import { Outlet } from './outlet.ts';
import type { MachineNotice, MachineOrder } from './protocol.ts';

/** What a chip is started with. */
export interface EngineOrder extends Omit<ChipOrder, 'outside'> {
  readonly model: ChipModel;
  readonly flash: ChipFlash;
  /** Undefined: nobody debugs. */
  readonly debug?: DebugStart | undefined;
}

/** Why `MachineEngine.run` came back. */
export type EngineState =
  /** That time is reached; there is more to do. */
  | { readonly why: 'time' }
  /** Nothing happens by itself before that time of the chip; Infinity: for ever. */
  | { readonly why: 'idle'; readonly nextNs: number }
  /** A transfer has ended. */
  | { readonly why: 'answered' }
  /** A debugger has halted it. */
  | { readonly why: 'halted' }
  /** It is not to be run any more: reset, or gone elsewhere. */
  | { readonly why: 'over' };

const REACHED: EngineState = { why: 'time' };
const ANSWERED: EngineState = { why: 'answered' };
const HALTED: EngineState = { why: 'halted' };
const OVER: EngineState = { why: 'over' };

/**
 * A chip from one reset to the next, and the host's end of its USB cable: whoever has it gives it time, and hears what it
 * does. It knows neither threads nor clocks.
 */
export class MachineEngine {
  readonly #chip: Chip;
  readonly #model: ChipModel;
  readonly #usb: UsbHost;
  readonly #tell: (notice: MachineNotice) => void;
  readonly #outlet: Outlet;
  #usbChanged = false;
  #answered = false;
  #over = false;
  #hasFaulted = false;
  /** A fault with a handler was told of. */
  #hasTold = false;
  #halted = false;
  #steps = false;
  #watched = false;
  /** The time up to which it has run, or slept: the chip's own clock may stand behind. */
  #reachedNs = 0;

  constructor(order: EngineOrder, tell: (notice: MachineNotice) => void) {
    const { model, flash, debug, pins = [], ...chip } = order;
    this.#model = model;
    this.#tell = tell;
    this.#outlet = new Outlet(tell);
    const outside: ChipOutside = {
      flash,
      uart: (port, byte) => {
        if (port === model.consoleUart) this.#outlet.put(byte);
      },
      usbChanged: () => {
        this.#usbChanged = true;
      },
      pin: (name, level) => this.#outlet.drive(name, level),
      warn: (words) => tell({ type: 'warn', words }),
    };
    this.#chip = model.make({ ...chip, outside });
    this.#usb = new UsbHost(this.#chip.usb, {
      attached: (seen) => tell({ type: 'attached', ...seen }),
      detached: () => tell({ type: 'detached' }),
      log: (line) => tell({ type: 'log', line }),
    });
    for (const [name, level] of pins) this.#drive(name, level);
    if (debug !== undefined) this.#debug(debug);
  }

  /** Time since the chip's start, in ns. */
  get nowNs(): number {
    return Math.max(this.#chip.nowNs, this.#reachedNs);
  }

  /** Whether a control transfer is under way. */
  get isTransferring(): boolean {
    return this.#usb.busy;
  }

  /** Whether a host can see a device. */
  get isAttached(): boolean {
    return this.#usb.isAttached;
  }

  /** What the board has to say. */
  take(order: MachineOrder): void {
    if (this.#over) return;
    switch (order.type) {
      case 'cable':
        this.#usb.setVbus(order.in);
        break;
      case 'bus-reset':
        this.#usb.reset();
        break;
      case 'submit':
        this.#submit(order);
        break;
      case 'configure':
        this.#usb.configure(order.value);
        break;
      case 'alternate':
        this.#usb.selectAlternate(order.interfaceNumber, order.alternate);
        break;
      case 'input':
        this.#chip.uartInput(this.#model.consoleUart, order.bytes);
        break;
      case 'pin':
        this.#drive(order.name, order.level);
        break;
      case 'ping':
        this.#tell({ type: 'pong' });
        break;
      case 'ask':
        this.#tell({
          type: 'answer',
          id: order.id,
          answer: debugAnswer(this.#chip, order.request),
        });
        if (order.request.type === 'watch') this.#watched = order.request.on;
        break;
      case 'halt':
        if (!this.#halted || this.#steps) this.#halt({ reason: 'halt' });
        break;
      case 'resume':
        this.#resume(order.how);
        break;
      case 'flash-changed':
        this.#chip.core.written(this.#model.flashAddress + order.offsetBytes, order.lengthBytes);
        break;
      default:
        order satisfies never;
    }
    this.#heedUsb();
  }

  /** Runs the chip to that time of its own, at most; what `ChipFlash` throws comes out. */
  run(untilNs: number): EngineState {
    this.#answered = false;
    for (;;) {
      if (this.#over) return OVER;
      if (this.#halted && !this.#steps) return HALTED;
      const dueNs = this.#usb.step(this.nowNs);
      this.#heedUsb();
      if (this.#answered) return this.#leave(ANSWERED);
      const runs = !this.#steps;
      const stop = this.#runChip(Math.min(untilNs, dueNs));
      // A step ends where it ends.
      const limitNs = runs ? Math.min(untilNs, dueNs) : this.nowNs;
      const state = this.#took(stop, { untilNs, dueNs, limitNs });
      if (state !== undefined) return this.#leave(state);
    }
  }

  /** Nothing of it is told any more. */
  stop(): void {
    this.#over = true;
  }

  #runChip(limitNs: number): ChipStop {
    if (!this.#steps) return this.#chip.run(limitNs);
    const stop = stepChip(this.#chip);
    // Nothing has been executed yet.
    this.#steps = stop.why === 'outside';
    return stop;
  }

  /** What came of it; undefined: it goes on. */
  #took(
    stop: ChipStop,
    { untilNs, dueNs, limitNs }: Readonly<Record<'untilNs' | 'dueNs' | 'limitNs', number>>,
  ): EngineState | undefined {
    this.#heedUsb();
    if (stop.why !== 'fault') this.#tellHandled();
    switch (stop.why) {
      case 'time':
        // A chip counts in cycles: its own clock may stand a little before that.
        this.#reached(limitNs);
        break;
      case 'idle':
        return this.#slept(stop.nextNs, { untilNs, dueNs, limitNs });
      case 'outside':
        if (this.#steps) return undefined;
        break;
      case 'breakpoint':
        this.#halt({ reason: 'breakpoint' });
        return HALTED;
      case 'reset':
        this.#end(stop);
        return OVER;
      case 'jump':
        this.#end(stop);
        return OVER;
      case 'fault':
        return this.#faulted(stop, untilNs, limitNs);
      default:
        stop satisfies never;
    }
    if (this.#halted) {
      this.#halt({ reason: 'step' });
      return HALTED;
    }
    return this.nowNs >= untilNs ? REACHED : undefined;
  }

  #slept(
    nextNs: number,
    { untilNs, dueNs, limitNs }: Readonly<Record<'untilNs' | 'dueNs' | 'limitNs', number>>,
  ): EngineState | undefined {
    if (this.#halted) {
      this.#halt({ reason: 'step' });
      return HALTED;
    }
    this.#reached(limitNs);
    if (this.#usbChanged) return undefined;
    const next = Math.min(nextNs, dueNs);
    return next > untilNs || limitNs >= untilNs ? { why: 'idle', nextNs: next } : undefined;
  }

  #reached(ns: number): void {
    this.#reachedNs = Math.max(this.#reachedNs, ns);
  }

  /** The program has a handler for its HardFault, which may say nothing: people are told, once a life. */
  #tellHandled(): void {
    const { fault } = this.#chip.core;
    if (fault === undefined || this.#hasTold || this.#hasFaulted) return;
    this.#hasTold = true;
    this.#outlet.flush();
    const [pc, lr] = [hexNumber(fault.pc, 8), hexNumber(fault.lr, 8)];
    const words = `hard fault at ${pc}, lr ${lr}: ${fault.words}; the program's handler has it`;
    this.#tell({ type: 'warn', words });
  }

  /** It executes nothing any more; only its watchdog may still come. */
  #faulted(
    stop: Extract<ChipStop, { why: 'fault' }>,
    untilNs: number,
    limitNs: number,
  ): EngineState | undefined {
    if (!this.#hasFaulted) {
      this.#hasFaulted = true;
      this.#outlet.flush();
      this.#tell({ type: 'fault', fault: stop.fault });
      if (this.#watched) {
        this.#halt({ reason: 'fault', words: stop.fault.words });
        return HALTED;
      }
    }
    // A step of what executes nothing.
    if (this.#halted) {
      this.#halt({ reason: 'fault', words: stop.fault.words });
      return HALTED;
    }
    // Nothing else happens to it before that.
    this.#reached(Math.min(untilNs, limitNs));
    return this.nowNs >= untilNs ? REACHED : undefined;
  }

  /** A board may have a button on a pin that its file calls otherwise than the chip does: it is told, and does nothing. */
  #drive(name: string, level: boolean | undefined): void {
    try {
      this.#chip.setPin(name, level);
    } catch (error) {
      if (!DfuError.is(error, 'NOT_FOUND')) throw error;
      this.#tell({ type: 'warn', words: `button: ${error.message}` });
    }
  }

  #submit({ id, setup, data }: Extract<MachineOrder, { type: 'submit' }>): void {
    this.#usb.submit({
      setup,
      data,
      ended: (result) => {
        this.#answered = true;
        this.#tell({ type: 'ended', id, result });
      },
    });
  }

  /** What the chip said about its port while it had the word. */
  #heedUsb(): void {
    if (!this.#usbChanged) return;
    this.#usbChanged = false;
    this.#usb.changed();
  }

  #debug({ halted, breakpoints, watch }: DebugStart): void {
    const { core } = this.#chip;
    for (const address of breakpoints) core.breakpoints.add(address);
    core.debugging = watch;
    this.#watched = watch;
    if (halted) this.#halt({ reason: 'start' });
  }

  #halt(stop: DebugStop): void {
    this.#halted = true;
    this.#steps = false;
    this.#outlet.flush();
    this.#tell({ type: 'stopped', stop });
  }

  #resume(how: 'run' | 'step'): void {
    if (!this.#halted) return;
    this.#steps = true;
    if (how === 'run') this.#halted = false;
  }

  #end(stop: Extract<ChipStop, { why: 'reset' | 'jump' }>): void {
    this.#outlet.flush();
    this.#over = true;
    this.#tell(
      stop.why === 'reset'
        ? { type: 'reset', cause: stop.cause }
        : { type: 'jump', address: stop.address },
    );
  }

  #leave(state: EngineState): EngineState {
    if (!this.#over) this.#outlet.flush();
    return state;
  }
}
