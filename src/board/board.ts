import { DfuError } from '../bytes/index.ts';
import type { PowerCutKind } from '../flash/index.ts';
import { deviceDescriptor, formatUsbId } from '../usb/index.ts';
import type { UsbDevice } from '../usb/index.ts';
import type { BoardParts } from './board-parts.ts';
import { Buttons } from './hardware/button.ts';
import { UsbConnector } from './hardware/connector.ts';
import type { ConnectorState } from './hardware/connector.ts';
import { Sensors } from './hardware/sensors.ts';
import type { BoardModel } from './models/board-model.ts';
import { Processor } from './processor.ts';
import type { BoardEvent, BoardPowerCut } from './seams/board-event.ts';

/** How the power goes while flash is busy. */
export interface PowerCut {
  /** `clean` (default): between two operations; `torn`, `torn-tail`: half of one is done. */
  readonly kind?: PowerCutKind | undefined;
}

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
  readonly #processor: Processor;
  readonly #listeners = new Set<(event: BoardEvent) => void>();
  #on = false;

  constructor(parts: BoardParts) {
    const { model } = parts;
    this.model = model;
    this.serial = parts.serial;
    this.#parts = parts;
    const connector = new UsbConnector((state) => this.#usbChanged(state));
    const buttons = new Buttons(model);
    const emit = (event: BoardEvent): void => this.#emit(event);
    const sensors = new Sensors(model, buttons, ({ name }, value) =>
      emit({ type: 'actuator', name, value }),
    );
    this.#connector = connector;
    this.#buttons = buttons;
    this.sensors = sensors;
    const powerLost = (): void => this.powerCut();
    this.#processor = new Processor(parts, { connector, buttons, sensors, emit, powerLost });
  }

  /** The USB connector: one device for the board's whole life, whichever program is behind it. */
  get port(): UsbDevice {
    return this.#connector;
  }

  get isOn(): boolean {
    return this.#on;
  }

  /** Whether the USB cable is in at the board's end. */
  get isPlugged(): boolean {
    return !this.#connector.isPulled;
  }

  /** Flash operations done since the board was made: the number that the next one will have. */
  get operations(): number {
    return this.#parts.flash.operations;
  }

  /** Number of the flash operation that a power cut is due at; undefined: none is. */
  get cutDueAt(): number | undefined {
    return this.#parts.flash.cutDueAt;
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
    this.#emit({ type: 'power', on: true, operations: this.operations });
    this.#processor.boot('power-on');
  }

  /** Takes the power away, in the middle of whatever it does. What is in flash is all that stays. */
  powerCut(): void {
    if (!this.#on) return;
    this.#on = false;
    this.#processor.losePower();
    this.#emit({ type: 'power', on: false, operations: this.operations, cut: this.#struck() });
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
    this.#processor.boot('reset-pin');
    if (holds) this.#buttons.set(false, first);
  }

  /** Presses or releases a button; without a name the board's first. Throws `NOT_FOUND`. */
  setButton(pressed: boolean, name?: string): void {
    this.#buttons.set(pressed, name);
  }

  /**
   * Types a line at the console. The answer is whether somebody reads there; the line is lost if not. Throws
   * `INVALID_ARGUMENT`.
   */
  input(line: string): boolean {
    if (line.length > MOST_INPUT || /[\r\n]/.test(line)) {
      throw new DfuError('INVALID_ARGUMENT', `input: expected one line of up to ${MOST_INPUT}`);
    }
    return this.#processor.type(line);
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
    await this.#processor.gone();
  }

  #usbChanged(state: ConnectorState): void {
    if (state === 'detached') {
      this.#emit({ type: 'usb', state });
      return;
    }
    const descriptor = deviceDescriptor.decode(this.#connector.descriptors().device);
    this.#emit({ type: 'usb', state, id: formatUsbId(descriptor) });
  }

  #struck(): BoardPowerCut | undefined {
    const { cutStruck } = this.#parts.flash;
    if (cutStruck === undefined) return undefined;
    const { number: operation, type, offsetBytes, lengthBytes: bytes, kind } = cutStruck;
    const address = this.model.flashBaseAddress + offsetBytes;
    return { operation, type, address, bytes, kind };
  }

  #emit(event: BoardEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
