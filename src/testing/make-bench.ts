import { Bench } from './bench.ts';
import type { BoardBench } from './board-bench.ts';
import { flashOf, orderOf } from './order.ts';
import type { BenchBoard, BenchOptions } from './options.ts';

/**
 * Makes a bench: the board, its flash with the images in it, a host at its USB port; then gives it power.
 * Resolves when the bootloader has decided. Throws
 * `DfuError` for what cannot be had: a board or slot that is not there, an image that the bootloader could not read, a
 * key that is none.
 */
export async function boardBench(
  board: BenchBoard,
  options: BenchOptions = {},
): Promise<BoardBench> {
  const order = await orderOf(board, options);
  const bench = new Bench(order, flashOf(order));
  await bench.settle();
  return bench;
}
