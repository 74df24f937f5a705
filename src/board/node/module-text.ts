import type { Peripherals, Program } from '../index.ts';

/** The module that a program is; undefined after a fault. */
export function moduleText(board: Peripherals, program: Program | undefined): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(program?.payload);
  } catch (error) {
    board.fault(`hard fault: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
