import { DfuError } from '../bytes/index.ts';
import { parseMemoryLayout } from '../dfu/index.ts';
import type { MemoryLayout } from '../dfu/index.ts';
import { speaksDfuSe } from './dialect.ts';
import type { DfuInterface } from './dfu-interface.ts';

/** The memory that an alternate setting's name describes; undefined where it is no layout. */
export function memoryLayoutOf({ name }: DfuInterface): MemoryLayout | undefined {
  try {
    return parseMemoryLayout(name);
  } catch (error) {
    if (DfuError.is(error)) return undefined;
    throw error;
  }
}

/** Whether a DfuSe file may be for it: it speaks DfuSe, or describes a memory as DfuSe does. */
export function takesDfuSe(entry: DfuInterface): boolean {
  return speaksDfuSe(entry) || memoryLayoutOf(entry) !== undefined;
}
