import { DfuError } from '../bytes/index.ts';
import type { Flash, NorFlash, PowerCutKind } from '../flash/index.ts';
import { deviceDescriptor, formatUsbId } from '../usb/index.ts';
import type { Clock, UsbDevice } from '../usb/index.ts';
import type { BoardEvent, BootCause } from './seams/board-event.ts';
import { BoardFlash } from './hardware/board-flash.ts';
import type { BootDecision, Bootloader } from './seams/bootloader.ts';
import { Buttons } from './hardware/button.ts';
import type { ButtonConfiguration } from './hardware/button.ts';
import { targetOf } from './models/board-model.ts';
import type { BoardModel } from './models/board-model.ts';
import { UsbConnector } from './hardware/connector.ts';
import type { ConnectorState } from './hardware/connector.ts';
import { ConsoleLines } from './hardware/console-lines.ts';
import { DfuGuard } from './seams/dfu-policy.ts';
import type { DfuPolicy } from './seams/dfu-policy.ts';
import type { Peripherals, RunningImage, RunningProgram, Runner } from './seams/peripherals.ts';
import { startProgram } from './program/start-program.ts';
import { RetainedRam } from './hardware/retained-ram.ts';
import { Sensors } from './hardware/sensors.ts';
import type { UsbIdentity } from './hardware/usb-identity.ts';
import { Watchdog } from './hardware/watchdog.ts';

/** What a board is put together from. */
export interface BoardParts {
  readonly model: BoardModel;
  readonly flash: NorFlash;
  readonly clock: Clock;
  /** What runs its programs; of several, the first that takes what stands at the image's entry. */
  readonly runner: Runner | readonly Runner[];
  readonly bootloader: Bootloader;
  /** Serial number of the chip. */
  readonly serial: string;
  /** How the bootloader looks at the button; default: as the board's own definitions say. */
  readonly button?: ButtonConfiguration | undefined;
  /** Most time between two feeds of the watchdog, in ms; default 4000. */
  readonly watchdogMs?: number | undefined;
  /** What its USB devices say of themselves; default: what their programs tell. */
  readonly usbIdentity?: UsbIdentity | undefined;
  /** What must hold for DFU_DETACH and DFU_UPLOAD; default: nothing. */
  readonly policy?: DfuPolicy | undefined;
}

/** How the power goes while flash is busy. */
export interface PowerCut {
  /** `clean` (default): between two operations; `torn`, `torn-tail`: half of one is done. */
  readonly kind?: PowerCutKind | undefined;
}

/** The watchdog's period unless chosen otherwise, in ms. */
export const WATCHDOG_MS = 4000;

/** Longest line that can be typed at the console, in characters. */
const MOST_INPUT = 4096;

/**
 * A virtual board: what a person would hold. It starts without power. Whatever happens to it goes to
 * the listeners as a {@link BoardEvent}, in order and synchronously.
 */
export class Board {
  readonly model: BoardModel;
  readonly serial: string;
  readonly sensors: Sensors;
  readonly #parts: BoardParts;
  readonly #connector: UsbConnector;
  readonly #buttons: Buttons;
  readonly #dfuGuard: DfuGuard;
  readonly #retainedRam: RetainedRam;
  readonly #watchdog: Watchdog;
  readonly #console: ConsoleLines;
  readonly #listeners = new Set<(event: BoardEvent) => void>();
  readonly #stopping = new Set<Promise<void>>();
  #on = false;
  /** Counts the starts and stops, so that what belongs to an earlier one is known as such. */
  #life = 0;
  #program: RunningProgram | undefined;
  #typed: ((line: string) => void) | undefined;

  constructor(parts: BoardParts) {
    const { model, clock } = parts;
    this.model = model;
    this.serial = parts.serial;
    this.#parts = parts;
    this.#connector = new UsbConnector((state) => this.#usbChanged(state));
    this.#buttons = new Buttons(model);
    this.#dfuGuard = new DfuGuard(parts.policy ?? {}, model, this.#buttons);
    this.#retainedRam = new RetainedRam(model.ram);
    this.#console = new ConsoleLines((text) => this.#emit({ type: 'console', text }));
    this.#watchdog = new Watchdog(clock, parts.watchdogMs ?? WATCHDOG_MS, () =>
      this.#boot('watchdog'),
    );
    this.sensors = new Sensors(model, this.#buttons, ({ name }, value) =>
      this.#emit({ type: 'actuator', name, value }),
    );
  }

  /** The USB connector: one device for the board's whole life, whichever program is behind it. */
  get port(): UsbDevice {
    return this.#connector;
  }

  get isOn(): boolean {
    return this.#on;
  }

  get bootloader(): string {
    return this.#parts.bootloader.name;
  }

  /** Tells of everything from now on; the answer stops it. */
  listen(listener: (event: BoardEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Gives it power: the bootloader runs. Nothing happens if it has power. */
  powerOn(): void {
    if (this.#on) return;
    this.#on = true;
    this.#parts.flash.restorePower();
    this.#retainedRam.lose();
    this.#emit({ type: 'power', on: true });
    this.#boot('power-on');
  }

  /** Takes the power away, in the middle of whatever it does. What is in flash is all that stays. */
  powerCut(): void {
    if (!this.#on) return;
    this.#on = false;
    this.#halt();
    this.#retainedRam.lose();
    this.#emit({ type: 'power', on: false });
  }

  /**
   * Lets the power go after that many more flash operations (a write unit programmed or a sector
   * erased): the one behind them is cut. Power-on takes it back.
   */
  cutAfter(operations: number, { kind = 'clean' }: PowerCut = {}): void {
    if (!Number.isSafeInteger(operations) || operations < 0) {
      const got = `expected a number of operations, got ${operations}`;
      throw new DfuError('INVALID_ARGUMENT', `power cut: ${got}`);
    }
    const { flash } = this.#parts;
    flash.cutPowerAt(flash.operations + operations, kind);
  }

  /** Presses and releases the reset button, with the other button held meanwhile if so told. */
  pressReset({ button = false }: { readonly button?: boolean } = {}): void {
    if (!this.#on) return;
    const first = this.model.buttons[0]?.name;
    const holds = button && first !== undefined && !this.#buttons.isPressed(first);
    if (holds) this.#buttons.set(true, first);
    this.#boot('reset-pin');
    if (holds) this.#buttons.set(false, first);
  }

  /** Presses or releases a button; without a name the board's first. Throws `NOT_FOUND`. */
  setButton(pressed: boolean, name?: string): void {
    this.#buttons.set(pressed, name);
  }

  /** Types a line at the console. It is lost if nobody reads there. Throws `INVALID_ARGUMENT`. */
  input(line: string): void {
    if (line.length > MOST_INPUT || /[\r\n]/.test(line)) {
      throw new DfuError('INVALID_ARGUMENT', `input: expected one line of up to ${MOST_INPUT}`);
    }
    this.#typed?.(line);
  }

  /** Pulls the USB cable out at the board's end. The board has power of its own and runs on. */
  unplug(): void {
    this.#connector.pull();
  }

  /** Puts it in again. */
  replug(): void {
    this.#connector.insert();
  }

  /** Takes the power away and waits until nothing of its programs is left. */
  async close(): Promise<void> {
    this.powerCut();
    await Promise.all(this.#stopping);
  }

  #boot(cause: BootCause): void {
    this.#halt();
    if (cause !== 'software') this.#dfuGuard.lock.lock();
    this.sensors.reset();
    const { bootloader, button = {} } = this.#parts;
    const whileAlive = this.#lifeGuard();
    const flash = this.#flashOfThisLife();
    const decision = bootloader.decide({
      model: this.model,
      flash,
      print: (line) => whileAlive(() => this.#console.write(`${line}\n`)),
      retainedRam: this.#retainedRam,
      buttonPressed: this.#buttons.seenPressed(button),
    });
    const follow = (made: BootDecision): void => whileAlive(() => this.#follow(cause, made, flash));
    if (!('then' in decision)) {
      follow(decision);
      return;
    }
    const failed = (error: unknown): void =>
      whileAlive(() => this.#fault(`bootloader: ${String(error)}`));
    this.#awaitGone(decision.then(follow).catch(failed));
  }

  #follow(cause: BootCause, decision: BootDecision, flash: Flash): void {
    const whileAlive = this.#lifeGuard();
    this.#emit(bootEvent(cause, decision));
    // Whoever listened to that may have reset the board or taken its power.
    whileAlive(() => {
      if (decision.mode === 'application') this.#start(decision, flash);
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
      powerLost: () => this.powerCut(),
      alive: () => life === this.#life,
    });
  }

  #startDfuMode(flash: Flash): void {
    const life = this.#life;
    const device = this.#parts.bootloader.dfuMode?.(flash, {
      downloaded: (slot, bytes) => this.#emit({ type: 'download', slot, bytes }),
      left: () => {
        if (life === this.#life) this.#boot('software');
      },
      again: () => {
        if (life === this.#life) this.#enterDfuMode();
      },
    });
    if (device !== undefined) this.#connector.present(device);
  }

  #start(decision: Extract<BootDecision, { mode: 'application' }>, flash: Flash): void {
    const life = this.#life;
    const { slot = 0, version = 0, entryAddress } = decision;
    this.#watchdog.start();
    const image = { slot, version, entryAddress };
    const runners = [this.#parts.runner].flat();
    const program = startProgram(runners, this.#peripherals(image, flash));
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
    this.#connector.remove();
    this.#console.flush();
  }

  #peripherals(image: RunningImage, flash: Flash): Peripherals {
    const { clock, bootloader } = this.#parts;
    const whileAlive = this.#lifeGuard();
    const { platform, areas } = bootloader;
    return {
      model: this.model,
      serial: this.serial,
      image,
      platform,
      target: targetOf(this.model, platform),
      clock,
      flash,
      areas,
      bootControl: bootloader.bootControl?.(flash, image.slot),
      usb: this.#connector,
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
      sensors: this.sensors,
      retainedRam: this.#retainedRam,
      reset: () => whileAlive(() => this.#boot('software')),
      enterDfuMode: () => whileAlive(() => this.#enterDfuMode()),
      fault: (message) => whileAlive(() => this.#fault(message)),
    };
  }

  #enterDfuMode(): void {
    const { bootloader } = this.#parts;
    bootloader.requestDfuMode?.({ model: this.model, retainedRam: this.#retainedRam });
    this.#boot('software');
  }

  /** The program is dead; only the watchdog still runs. */
  #fault(message: string): void {
    this.#typed = undefined;
    this.#connector.remove();
    this.#console.flush();
    this.#emit({ type: 'fault', message });
  }

  #usbChanged(state: ConnectorState): void {
    if (state === 'detached') {
      this.#emit({ type: 'usb', state });
      return;
    }
    const descriptor = deviceDescriptor.decode(this.#connector.descriptors().device);
    this.#emit({ type: 'usb', state, id: formatUsbId(descriptor) });
  }

  #emit(event: BoardEvent): void {
    for (const listener of this.#listeners) listener(event);
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
