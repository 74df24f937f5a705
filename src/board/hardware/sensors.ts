import { DfuError } from '../../bytes/index.ts';
import type { BoardModel, SensorModel } from '../models/board-model.ts';
import type { Buttons } from './button.ts';

/** Least and most that a reading can be: RIOT's `phydat_t` counts in 16 bits. */
const LEAST = -0x8000;
const MOST = 0x7fff;

/** The sensors and actuators of a board, simulated. */
export class Sensors {
  readonly models: readonly SensorModel[];
  readonly #values: number[] = [];
  readonly #buttons: Buttons;
  readonly #changed: (sensor: SensorModel, value: number) => void;

  /** `changed` is told of every actuator that a program sets. */
  constructor(
    model: BoardModel,
    buttons: Buttons,
    changed: (sensor: SensorModel, value: number) => void,
  ) {
    this.models = model.sensors;
    this.#buttons = buttons;
    this.#changed = changed;
    this.reset();
  }

  /** A reading in units of 10^`scale`. Throws `NOT_FOUND`. */
  read(index: number): number {
    const { button } = this.#model(index);
    if (button !== undefined) return this.#buttons.isPressed(button) ? 1 : 0;
    return this.#values[index] ?? 0;
  }

  /** Sets an actuator. Throws `NOT_FOUND`, `UNSUPPORTED` for a sensor, `OUT_OF_RANGE`. */
  write(index: number, value: number): void {
    const sensor = this.#model(index);
    if (sensor.class !== 'ACT_SWITCH') {
      throw new DfuError('UNSUPPORTED', `${sensor.name} is a sensor and cannot be written`);
    }
    if (!Number.isInteger(value) || value < LEAST || value > MOST) {
      throw new DfuError('OUT_OF_RANGE', `${sensor.name}: expected a 16-bit number, got ${value}`);
    }
    const now = value === 0 ? 0 : 1;
    this.#values[index] = now;
    this.#changed(sensor, now);
  }

  /** What the world around the board does to a sensor, e.g. its temperature. Throws as `write`. */
  simulate(name: string, value: number): void {
    const index = this.models.findIndex((each) => each.name === name);
    if (index < 0) {
      const known = this.models.map((each) => each.name).join(', ') || 'none';
      throw new DfuError('NOT_FOUND', `no sensor "${name}"; there is: ${known}`);
    }
    const sensor = this.#model(index);
    if (sensor.class !== 'SENSE_TEMP') {
      throw new DfuError('UNSUPPORTED', `${name} is not a quantity that can be simulated`);
    }
    if (!Number.isInteger(value) || value < LEAST || value > MOST) {
      throw new DfuError('OUT_OF_RANGE', `${name}: expected a 16-bit number, got ${value}`);
    }
    this.#values[index] = value;
  }

  /** The chip was reset: actuators are as after power-on, what is measured stays. */
  reset(): void {
    for (const [index, { class: kind, initial }] of this.models.entries()) {
      if (kind === 'ACT_SWITCH' || this.#values[index] === undefined) this.#values[index] = initial;
    }
  }

  #model(index: number): SensorModel {
    const sensor = this.models[index];
    if (sensor === undefined) {
      throw new DfuError('NOT_FOUND', `no sensor ${index} of ${this.models.length}`);
    }
    return sensor;
  }
}
