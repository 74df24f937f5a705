import type { SensorModel } from '../board-model.ts';

/** A lamp in its own words; off after power-on. */
export function lamp(name: string): SensorModel {
  return { name, class: 'ACT_SWITCH', scale: 0, unit: '', initial: 0 };
}
