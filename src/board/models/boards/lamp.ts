import type { SensorModel } from '../board-model.ts';

/** A lamp in its own words, on that pin of a chip with machine code; off after power-on. */
export function lamp(name: string, pin?: string): SensorModel {
  const lit = { name, class: 'ACT_SWITCH', scale: 0, unit: '', initial: 0 } as const;
  return pin === undefined ? lit : { ...lit, pin };
}
