import { DfuError } from '../../bytes/index.ts';
import type { BoardModel, ButtonModel, PinMode } from '../models/board-model.ts';

/**
 * How a bootloader is compiled to look at the button: RIOT's macros `BTN_BOOTLOADER_PIN`, `_MODE`,
 * `_EXT_PULLUP` and `_NONE` (`riotboot/bootloader_selection.h`). What is left out is the board's.
 */
export interface ButtonConfiguration {
  /** `BTN_BOOTLOADER_PIN`: a pin (`P0.11`) or a button's name (`BTN0`, the default). */
  readonly pin?: string | undefined;
  /** `BTN_BOOTLOADER_MODE`; default is the button's own. */
  readonly mode?: PinMode | undefined;
  /** `BTN_BOOTLOADER_EXT_PULLUP`: the pin has a pull-up of its own; default false. */
  readonly extPullup?: boolean | undefined;
  /** `BTN_BOOTLOADER_NONE`: the bootloader does not look at any button. */
  readonly none?: boolean | undefined;
}

const pinModes: readonly PinMode[] = [
  'GPIO_IN',
  'GPIO_IN_PD',
  'GPIO_IN_PU',
  'GPIO_OD',
  'GPIO_OD_PU',
];

/** Reads a pin mode. Throws `INVALID_ARGUMENT` with those that there are. */
export function pinMode(text: string): PinMode {
  const mode = pinModes.find((each) => each === text);
  if (mode !== undefined) return mode;
  throw new DfuError('INVALID_ARGUMENT', `pin mode "${text}": expected ${pinModes.join(', ')}`);
}

/** The buttons of a board: which are held, and what a bootloader makes of it. */
export class Buttons {
  readonly #model: BoardModel;
  readonly #held = new Set<string>();
  #listener: ((pin: string, level: boolean | undefined) => void) | undefined;

  constructor(model: BoardModel) {
    this.#model = model;
  }

  /** Presses or releases. Without a name it is the board's first one. Throws `NOT_FOUND`. */
  set(pressed: boolean, name?: string): void {
    const button = name === undefined ? this.#model.buttons[0] : this.#find(name);
    if (button === undefined) {
      const names = this.#model.buttons.map((each) => each.name).join(', ') || 'none';
      const which = name === undefined ? 'no button' : `no button "${name}"`;
      throw new DfuError('NOT_FOUND', `${which}; the board has: ${names}`);
    }
    if (pressed) this.#held.add(button.name);
    else this.#held.delete(button.name);
    this.#listener?.(button.pin, this.#driven(button));
  }

  /** Pins that a button or a resistor of the board drives now, and to which level. */
  *levels(): Generator<readonly [pin: string, level: boolean]> {
    for (const button of this.#model.buttons) {
      const level = this.#driven(button);
      if (level !== undefined) yield [button.pin, level];
    }
  }

  /** Told of a pin whose level changes. One listener; the last one counts. */
  onChange(listener: ((pin: string, level: boolean | undefined) => void) | undefined): void {
    this.#listener = listener;
  }

  isPressed(name: string): boolean {
    return this.#held.has(name);
  }

  /** What a bootloader of that configuration sees: RIOT's `button_pressed`. */
  seenPressed(configuration: ButtonConfiguration): boolean {
    if (configuration.none === true) return false;
    const which = configuration.pin ?? this.#model.buttons[0]?.name;
    if (which === undefined) return false;
    const mode = configuration.mode ?? this.#find(which)?.mode ?? 'GPIO_IN_PU';
    const pulledUp = mode === 'GPIO_IN_PU' || mode === 'GPIO_OD_PU';
    const extPullup = configuration.extPullup === true;
    const level = this.#level(which, mode, extPullup);
    return extPullup || pulledUp ? level === 0 : level === 1;
  }

  /** The level at a pin: the pressed button is stronger than any resistor; a loose pin reads 0. */
  #level(which: string, mode: PinMode, extPullup: boolean): 0 | 1 {
    const button = this.#find(which);
    if (button !== undefined && this.#held.has(button.name)) {
      return button.closesTo === 'supply' ? 1 : 0;
    }
    if (extPullup || button?.externalPull === 'up') return 1;
    if (button?.externalPull === 'down') return 0;
    return mode === 'GPIO_IN_PU' || mode === 'GPIO_OD_PU' ? 1 : 0;
  }

  /** What drives its pin, outside of the chip; undefined: nothing does. */
  #driven({ name, closesTo, externalPull }: ButtonModel): boolean | undefined {
    if (this.#held.has(name)) return closesTo === 'supply';
    return externalPull === undefined ? undefined : externalPull === 'up';
  }

  #find(which: string): ButtonModel | undefined {
    return this.#model.buttons.find(({ name, pin }) => name === which || pin === which);
  }
}
