import { DfuError, toHex } from '../../bytes/index.ts';
import type { Flash } from '../../flash/index.ts';
import type { RawImageHeader } from '../../image/index.ts';
import { openArea } from './application.ts';
import type { BootMemory, OperationListener } from './area.ts';
import type { Build } from './config.ts';
import { decideSwap } from './decision.ts';
import { FLAG_CODES, SWAP_TYPE_CODES } from './trailer.ts';
import type { SwapState, SwapType } from './trailer.ts';
import type { TrailerArea } from './trailer-area.ts';
import { BLANK_HEADER } from './slot-image.ts';

/** 0 is the primary slot, 1 the secondary. */
export type SlotIndex = 0 | 1;

/** One slot of a pair. */
interface Slot {
  readonly area: TrailerArea;
  /** Header of the image that belongs into this slot; while a swap is cut it may lie elsewhere. */
  header: RawImageHeader;
}

/** The two slots of one image while a boot looks at them. */
export interface Pair {
  readonly index: number;
  readonly primary: Slot;
  readonly secondary: Slot;
  swapType: SwapType;
  /** Where the secondary image begins in its slot: not 0 before a swap using offset. */
  secondaryOffset: number;
  /** Unprotected TLV bytes of the primary and the secondary image. */
  tlvSizes: [number, number];
}

/** Where the progress of a swap is kept. */
export type StatusSource = 'none' | 'primary' | 'scratch';

/** How far a swap has come (struct boot_status). */
export interface Progress {
  source: StatusSource;
  op: 'move' | 'swap';
  /** Sector or group being worked on, from 1. */
  index: number;
  /** What of it is to be done next, from 1. */
  state: number;
  swapType: SwapType;
  /** Bytes to swap: the larger of the two images. */
  swapSize: number;
  /** The status goes to scratch for now, because the trailer's own sector is being swapped. */
  useScratch: boolean;
  /** What the trailer keeps of each image's key. */
  savedKeys: [Uint8Array | undefined, Uint8Array | undefined];
  /** Key streams that turn the payload of each image from plain to encrypted and back. */
  streams: [Uint8Array | undefined, Uint8Array | undefined];
}

/** A swap that has not begun (boot_status_reset). */
export function freshProgress(build: Build): Progress {
  return {
    source: 'none',
    op: build.algorithm === 'swap-using-offset' ? 'swap' : 'move',
    index: 1,
    state: 1,
    swapType: 'none',
    swapSize: 0,
    useScratch: false,
    savedKeys: [undefined, undefined],
    streams: [undefined, undefined],
  };
}

/** Whether nothing of the swap was done yet (boot_status_is_reset). */
export function isFresh(progress: Progress, build: Build): boolean {
  const { op, index, state } = freshProgress(build);
  return progress.op === op && progress.index === index && progress.state === state;
}

/** How a boot ends when the C code would not come back from it. */
export type Halt = 'assert' | 'fault' | 'hang';

/** An update at work. */
interface Work {
  /** `finish` for one that was cut and is gone on with. */
  readonly stage: 'update' | 'finish';
  readonly image: number;
  readonly progress: Progress;
}

/** One run of the bootloader: its build, its areas, its console. */
export class Session implements BootMemory {
  readonly build: Build;
  readonly log: string[] = [];
  readonly pairs: readonly Pair[];
  readonly scratch: TrailerArea | undefined;
  /** Why the boot ended, where it did not end by itself. */
  halted: { readonly outcome: Halt; readonly reason: string } | undefined;
  /** Status entries that could not be written. */
  statusWriteFails = 0;
  /** Undefined before, between and after updates. */
  work: Work | undefined;
  readonly #onLog: ((line: string) => void) | undefined;

  constructor(
    build: Build,
    io: {
      readonly flash: Flash;
      readonly onOperation?: OperationListener | undefined;
      readonly onLog?: ((line: string) => void) | undefined;
    },
  ) {
    this.build = build;
    this.#onLog = io.onLog;
    const { onOperation } = io;
    const listener: OperationListener | undefined =
      onOperation === undefined ? undefined : (operation) => onOperation(operation, this);
    const open = (name: Parameters<typeof openArea>[2]['name']): TrailerArea =>
      openArea(io.flash, build, { name, listener });
    this.pairs = build.images.map((_, index) => ({
      index,
      primary: { area: open(`primary${index}`), header: BLANK_HEADER },
      secondary: { area: open(`secondary${index}`), header: BLANK_HEADER },
      swapType: 'none',
      secondaryOffset: 0,
      tlvSizes: [0, 0],
    }));
    this.scratch = build.algorithm === 'swap-using-scratch' ? open('scratch') : undefined;
  }

  text(): string | undefined {
    if (this.work === undefined) return undefined;
    const { stage, image, progress } = this.work;
    const { savedKeys, streams, ...rest } = progress;
    const pairs = this.pairs.map(({ primary, secondary, ...pair }) => [
      pair,
      primary.header,
      secondary.header,
    ]);
    const keys = savedKeys.map((key) => (key === undefined ? null : toHex(key)));
    const lengths = streams.map((stream) => stream?.length ?? null);
    return JSON.stringify([stage, image, rest, keys, lengths, pairs, this.statusWriteFails]);
  }

  info(line: string): void {
    this.#print(`I: ${line}`);
  }

  warn(line: string): void {
    this.#print(`W: ${line}`);
  }

  error(line: string): void {
    this.#print(`E: ${line}`);
  }

  /** Ends the boot where the C code would stop or go astray. */
  halt(outcome: Halt, reason: string): never {
    this.halted = { outcome, reason };
    throw new DfuError('UNSUPPORTED', `the bootloader ends here (${outcome}): ${reason}`);
  }

  /** The end that says so on the console. */
  panic(reason: string): never {
    this.error('panic!');
    return this.halt('assert', reason);
  }

  /** What the trailers of a pair ask for; every question appears on the console. */
  askSwapType(pair: Pair): SwapType {
    const { primary, secondary, index } = pair;
    const type = decideSwap(primary.area.state(), secondary.area.state(), this.build.algorithm);
    this.info(`Image index: ${index}, Swap type: ${type}`);
    return type;
  }

  /** The line that tells a trailer's state. */
  logState(name: string, state: SwapState): void {
    const type = SWAP_TYPE_CODES[state.swapType].toString(16);
    const flags = `copy_done=0x${FLAG_CODES[state.copyDone]}, image_ok=0x${FLAG_CODES[state.imageOk]}`;
    this.info(`${name}: magic=${state.magic}, swap_type=0x${type}, ${flags}`);
  }

  #print(line: string): void {
    this.log.push(line);
    this.#onLog?.(line);
  }
}

/** A slot by its number. */
export function slotOf(pair: Pair, slot: SlotIndex): Slot {
  return slot === 0 ? pair.primary : pair.secondary;
}

/** Whether a swap of this type exchanges images. */
export function isUpgrade(type: SwapType): boolean {
  return type === 'test' || type === 'perm' || type === 'revert';
}
