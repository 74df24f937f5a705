import type { ChipModel } from './chip.ts';
import { rp2040 } from './rp2040/rp2040.ts';
import { stm32f072 } from './stm32f0/stm32f072.ts';

/** Those that there are. */
const models: readonly ChipModel[] = [rp2040, stm32f072];

/**
 * The model of the chip of that name, in whichever letters and with whatever follows of package and size (`stm32f072rb`);
 * undefined if its machine code cannot be executed.
 */
export function chipModel(name: string): ChipModel | undefined {
  const wanted = name.toUpperCase();
  return models.find((each) => wanted.startsWith(each.name));
}
