import type { ChipModel } from './chip.ts';

/** Those that there are. */
const models: readonly ChipModel[] = [];

/** The model of the chip of that name; undefined if its machine code cannot be executed. */
export function chipModel(name: string): ChipModel | undefined {
  return models.find((each) => each.name === name);
}
