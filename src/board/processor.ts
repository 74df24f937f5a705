import type { Flash } from '../flash/index.ts';
import type { BoardParts } from './board-parts.ts';
import { BoardFlash } from './hardware/board-flash.ts';
import type { Buttons } from './hardware/button.ts';
import type { UsbConnector } from './hardware/connector.ts';
import { ConsoleLines } from './hardware/console-lines.ts';
import { BoardMemory, RetainedRam } from './hardware/retained-ram.ts';
import type { Sensors } from './hardware/sensors.ts';
import { Watchdog } from './hardware/watchdog.ts';
import { targetOf } from './models/board-model.ts';
import { ProgramStarter } from './program/start-program.ts';
import type { BoardEvent } from './seams/board-event.ts';
import type { BoardFault } from './seams/board-fault.ts';
import type { BootCause } from './seams/boot-cause.ts';
import type { BootDecision } from './seams/bootloader.ts';
import type { DownloadEvents } from './seams/download-events.ts';
import { DfuGuard } from './seams/dfu-policy.ts';
import type {
  BoardSite,
  BootControl,
  Peripherals,
  RunningImage,
  RunningProgram,
} from './seams/peripherals.ts';

/** The watchdog's period unless chosen otherwise, in ms. */
export const WATCHDOG_MS = 4000;

/** What of a board is around its processor. */
interface ProcessorSurroundings {
  readonly connector: UsbConnector;
  readonly buttons: Buttons;
  readonly sensors: Sensors;
  readonly emit: (event: BoardEvent) => void;
  /** The power has gone in the middle of a flash operation. */
  readonly powerLost: () => void;
}

/**
 * What runs on a board from one reset to the next: the bootloader, then DFU mode or a program. Each start is a
 * life of its own; whatever belongs to an earlier one comes to nothing.
 */
export class Processor {
  readonly #parts: BoardParts;
  readonly #around: ProcessorSurroundings;
  readonly #dfuGuard: DfuGuard;
  readonly #memory: BoardMemory;
  readonly #retainedRam: RetainedRam;
  readonly #watchdog: Watchdog;
  readonly #console: ConsoleLines;
  readonly #starter: ProgramStarter;
  readonly #stopping = new Set<Promise<void>>();
  /** Counts the starts and stops, so that what belongs to an earlier one is known as such. */
  #life = 0;
  #program: RunningProgram | undefined;
  #typed: ((line: string) => void) | undefined;

  constructor(parts: BoardParts, around: ProcessorSurroundings) {
    const { model, clock, policy = {}, watchdogMs = WATCHDOG_MS } = parts;
    this.#parts = parts;
    this.#around = around;
    this.#dfuGuard = new DfuGuard(policy, model, around.buttons);
    this.#memory = new BoardMemory(model.ram);
    this.#retainedRam = new RetainedRam(this.#memory);
    this.#console = new ConsoleLines((text) => around.emit({ type: 'console', text }));
    this.#starter = new ProgramStarter([parts.runner].flat());
    this.#watchdog = new Watchdog(clock, watchdogMs, () => this.boot('watchdog'));
  }

  /** A line for whoever reads the console; whether somebody does. */
  type(line: string): boolean {
    this.#typed?.(line);
    return this.#typed !== undefined;
  }

  /** It stops, and its RAM forgets everything. */
  losePower(): void {
    this.#halt();
    this.#memory.lose();
  }

  /** Resolves when nothing of its programs is left, nor of what runs them. */
  async gone(): Promise<void> {
    await Promise.all(this.#stopping);
    await this.#starter.release(this.#site);
  }

  get #site(): BoardSite {
    const { model, serial } = this.#parts;
    return { model, serial, usb: this.#around.connector };
  }

  /** Starts it anew: the bootloader runs. */
  boot(cause: BootCause): void {
    this.#halt();
    if (cause !== 'software') this.#dfuGuard.lock.lock();
    this.#around.sensors.reset();
    const { bootloader, button = {} } = this.#parts;
    const whileAlive = this.#lifeGuard();
    const flash = this.#flashOfThisLife();
    const decision = bootloader.decide({
      model: this.#parts.model,
      flash,
      print: (line) => whileAlive(() => this.#console.write(`${line}\n`)),
      retainedRam: this.#retainedRam,
      buttonPressed: this.#around.buttons.seenPressed(button),
    });
    const follow = (made: BootDecision): void => whileAlive(() => this.#follow(cause, made, flash));
    if (!('then' in decision)) {
      follow(decision);
      return;
    }
    this.#starter.prepare(this.#site);
    const failed = (error: unknown): void =>
      whileAlive(() => this.#fault(`bootloader: ${String(error)}`));
    this.#awaitGone(decision.then(follow).catch(failed));
  }

  #follow(cause: BootCause, decision: BootDecision, flash: Flash): void {
    const whileAlive = this.#lifeGuard();
    this.#around.emit(bootEvent(cause, decision));
    // Whoever listened to that may have reset the board or taken its power.
    whileAlive(() => {
      if (decision.mode === 'application') this.#start(cause, decision, flash);
      else if (decision.mode === 'dfu') this.#startDfuMode(flash);
      else if (decision.fault !== undefined) this.#fault(`bootloader: ${decision.fault}`);
    });
  }

  /** Runs what it is given as long as the board has not been started anew or lost its power. */
  #lifeGuard(): (run: () => void) => void {
    const life = this.#life;
    return (run) => {
      if (life === this.#life) run();
    };
  }

  #flashOfThisLife(): Flash {
    const life = this.#life;
    return new BoardFlash(this.#parts.flash, {
      powerLost: () => this.#around.powerLost(),
      alive: () => life === this.#life,
    });
  }

  #startDfuMode(flash: Flash): void {
    const life = this.#life;
    const device = this.#parts.bootloader.dfuMode?.(flash, {
      ...this.#downloads(),
      left: () => {
        if (life === this.#life) this.boot('software');
      },
      again: () => {
        if (life === this.#life) this.#enterDfuMode();
      },
    });
    if (device !== undefined) this.#around.connector.present(device);
  }

  #start(
    cause: BootCause,
    decision: Extract<BootDecision, { mode: 'application' }>,
    flash: Flash,
  ): void {
    const life = this.#life;
    const { slot = 0, version = 0, entryAddress, ownStart } = decision;
    this.#watchdog.start();
    const image = { slot, version, entryAddress, ...(ownStart === true && { ownStart }) };
    const { operations } = this.#parts.flash;
    const peripherals = this.#peripherals(cause, image, flash);
    const program = this.#starter.start(peripherals, operations, (code) => {
      this.#around.emit({
        type: 'native',
        slot: decision.slot,
        version: decision.version,
        ...code,
      });
      // Whoever listened to that may have reset the board or taken its power.
      return life === this.#life;
    });
    if (life === this.#life) this.#program = program;
    else this.#stop(program);
  }

  #stop(program: RunningProgram): void {
    this.#awaitGone(program.stop());
  }

  /** `close` waits for it. */
  #awaitGone(work: Promise<void>): void {
    const gone = work.finally(() => this.#stopping.delete(gone));
    this.#stopping.add(gone);
  }

  /** The processor stops: no program, no USB, no watchdog. */
  #halt(): void {
    this.#life += 1;
    this.#watchdog.stop();
    this.#watchdog.onWarning(undefined);
    this.#typed = undefined;
    const program = this.#program;
    this.#program = undefined;
    if (program !== undefined) this.#stop(program);
    this.#around.connector.remove();
    this.#console.flush();
  }

  #peripherals(cause: BootCause, image: RunningImage, flash: Flash): Peripherals {
    const memory = this.#memory;
    const { clock, bootloader } = this.#parts;
    const whileAlive = this.#lifeGuard();
    const { platform, areas } = bootloader;
    return {
      model: this.#parts.model,
      cause,
      serial: this.#parts.serial,
      image,
      platform,
      target: targetOf(this.#parts.model, platform),
      clock,
      flash,
      areas,
      bootControl: this.#told(bootloader.bootControl?.(flash, image.slot), image.slot),
      downloads: this.#downloads(),
      usb: this.#around.connector,
      dfu: bootloader.dfu,
      usbIdentity: this.#parts.usbIdentity ?? { os: undefined, serial: 'told' },
      dfuGuard: this.#dfuGuard,
      uart: {
        write: (text) => this.#console.write(text),
        onLine: (listener) => {
          this.#typed = listener;
        },
      },
      watchdog: this.#watchdog,
      sensors: this.#around.sensors,
      buttons: this.#around.buttons,
      retainedRam: this.#retainedRam,
      get ram() {
        return memory.whole;
      },
      get retainedRegisters() {
        return memory.registers;
      },
      reset: (next = 'software') => whileAlive(() => this.boot(next)),
      enterLoader: () => whileAlive(() => this.#enterLoader()),
      enterDfuMode: () => whileAlive(() => this.#enterDfuMode()),
      fault: (message, core) =>
        whileAlive(() => {
          this.#watchdog.release();
          this.#fault(message, core);
        }),
    };
  }

  /** In DFU mode of the bootloader or of a program: what a watcher hears of downloads. */
  #downloads(): DownloadEvents {
    const { emit } = this.#around;
    return {
      downloaded: (slot, bytes) => emit({ type: 'download', slot, bytes }),
      refused: (slot, { status, reason, bytes }) =>
        emit({ type: 'refused', status, reason, slot, bytes }),
    };
  }

  /** The same, but whoever watches the board hears what came of it. */
  #told(control: BootControl | undefined, slot: number): BootControl | undefined {
    if (control === undefined) return undefined;
    const { emit } = this.#around;
    return {
      otherSlot: control.otherSlot,
      requestUpgrade: (permanent) => {
        control.requestUpgrade(permanent);
        emit({ type: 'upgrade', slot: control.otherSlot, permanent });
      },
      confirm: () => {
        control.confirm();
        emit({ type: 'confirmed', slot });
      },
      isConfirmed: () => control.isConfirmed(),
      swapType: () => control.swapType(),
      eraseUpgrade: () => control.eraseUpgrade(),
      inspector: (area) => control.inspector(area),
    };
  }

  #enterDfuMode(): void {
    const { bootloader } = this.#parts;
    bootloader.requestDfuMode?.({ model: this.#parts.model, retainedRam: this.#retainedRam });
    this.boot('software');
  }

  /** The program gave way to the bootloader's DFU mode, by a jump: nothing is reset. */
  #enterLoader(): void {
    if (this.#parts.bootloader.dfuMode === undefined) {
      this.#watchdog.release();
      this.#fault(`jump into ${this.#parts.bootloader.name}, which has no DFU mode`);
      return;
    }
    this.#halt();
    this.#follow('software', { mode: 'dfu', why: 'jump to the loader' }, this.#flashOfThisLife());
  }

  /** The program is dead; only the watchdog still runs. */
  #fault(message: string, core?: BoardFault): void {
    this.#typed = undefined;
    this.#around.connector.remove();
    this.#console.flush();
    const { symbols } = this.#parts;
    const named = core && { ...core, where: symbols?.(core.pc), caller: symbols?.(core.lr) };
    this.#around.emit({ type: 'fault', message, core: named });
  }
}

function bootEvent(cause: BootCause, decision: BootDecision): BoardEvent {
  const { mode, why } = decision;
  if (mode !== 'application') return { type: 'boot', cause, mode, why };
  const { slot, version } = decision;
  return {
    type: 'boot',
    cause,
    mode,
    slot,
    version,
    why,
  };
}
