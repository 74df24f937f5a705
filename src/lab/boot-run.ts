import type { BootOperation, BootOutcome, BootResult, SwapType } from '../boot/mcuboot/index.ts';
import type { MemoryStorage } from '../flash/index.ts';
import type { RunningImage } from './image-names.ts';
import type { FlashState } from './traced-flash.ts';

// One boot as it is remembered: its operations, and where it became one that is known already.

/** A device at rest, before a boot: its flash, and the counters in its hardware. */
export interface Spot {
  readonly state: FlashState;
  readonly counters: readonly number[];
  /** Differs if the flash or the counters do. */
  readonly key: string;
}

/** The device just before an operation. */
interface Point {
  readonly operation: BootOperation;
  /** Kept only where the power is to be cut, and until it was. */
  spot: Spot | undefined;
}

/** One boot from one spot. */
export interface Run {
  readonly depth: Depth;
  readonly outcome: BootOutcome;
  readonly reason: string | undefined;
  /** What runs, one image of each pair; undefined if nothing does. */
  readonly images: readonly RunningImage[] | undefined;
  readonly swapTypes: readonly SwapType[];
  /** Operations, those of `tail` included. */
  readonly operations: number;
  /** The operations that it did itself. */
  readonly points: readonly Point[];
  /** Where it went on as an earlier boot did. */
  readonly tail: { readonly run: Run; readonly index: number } | undefined;
  /** It did not run at all: an earlier boot saw the same. */
  readonly same: boolean;
  /** The device afterwards. */
  readonly next: Spot;
}

/** 0: the boot whose operations are cut; 1: one that follows such a cut and is cut too; 2: any other. */
export type Depth = 0 | 1 | 2;

/** A run while it runs. */
export interface Draft {
  readonly points: Point[];
  /** Places that others may come to. */
  readonly names: string[];
  done: Run | undefined;
}

export interface Place {
  readonly run: Draft;
  readonly index: number;
  /** The flash there: equal sums do not make it equal. */
  readonly contents: MemoryStorage;
}

export function pointOf(operation: BootOperation, depth: Depth, spot: () => Spot): Point {
  const { bytes, ...rest } = operation;
  if (depth === 2) return { operation: rest, spot: undefined };
  const kept = bytes === undefined ? rest : { ...rest, bytes: bytes.slice() };
  return { operation: kept, spot: spot() };
}

export function tailOf(joined: Place | undefined): Run['tail'] {
  if (joined?.run.done === undefined) return undefined;
  return { run: joined.run.done, index: joined.index };
}

export function joinedRun({ points }: Draft, depth: Depth, tail: NonNullable<Run['tail']>): Run {
  const { run, index } = tail;
  const operations = points.length + run.operations - index;
  return { ...run, depth, points, operations, tail, same: false };
}

export function finishedRun(
  { points }: Draft,
  {
    depth,
    result,
    images,
    next,
  }: Pick<Run, 'depth' | 'images' | 'next'> & { readonly result: BootResult },
): Run {
  return {
    depth,
    outcome: result.outcome,
    reason: result.reason,
    images,
    swapTypes: result.swapTypes,
    operations: points.length,
    points,
    tail: undefined,
    same: false,
    next,
  };
}
