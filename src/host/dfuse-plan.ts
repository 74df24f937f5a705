import { DfuError } from '../bytes/index.ts';
import { DFUSE_FIRST_BLOCK, sectorsOf } from '../dfu/index.ts';
import type { DfuSeCommand, DfuSeElement, MemoryLayout } from '../dfu/index.ts';
import type { Allowance } from './allowances.ts';
import { demandDfuMode, transferSize } from './dialect.ts';
import { memoryLayoutOf } from './memory-layout.ts';
import { quirkOf } from './dfu-interface.ts';
import type { DfuInterface } from './dfu-interface.ts';
import { checkRange } from './dfuse-checks.ts';

/** What a DfuSe device does besides taking or giving bytes. */
export interface DfuSeModifiers {
  /** Where an upload begins, and where the device goes when it leaves. */
  readonly address?: number | undefined;
  /** Afterwards, the device shall start what is at the address. */
  readonly leave?: boolean | undefined;
  /** Erase everything first, instead of the sectors that are written to. Only with `force`. */
  readonly massErase?: boolean | undefined;
  /** Take the read protection off, which erases everything. Only with `force`. */
  readonly unprotect?: boolean | undefined;
  /** The device restarts after the mass erase or with the last block; that is no error. */
  readonly willReset?: boolean | undefined;
  /** Do also what destroys everything, and what the memory layout does not allow. */
  readonly force?: boolean | undefined;
  /** What may be gone past without `force`. */
  readonly allow?: readonly Allowance[] | undefined;
  /** Bytes of an upload. */
  readonly lengthBytes?: number | undefined;
}

/** One thing to do to a DfuSe device. */
export type DfuSeOperation =
  | {
      readonly op: 'command';
      readonly command: DfuSeCommand;
      /** Bytes that an erase erases. */
      readonly erasesBytes?: number | undefined;
      /** The device may restart after it. */
      readonly mayLeave?: boolean | undefined;
    }
  | {
      readonly op: 'write';
      readonly wBlockNum: number;
      readonly address: number;
      readonly data: Uint8Array;
      /** With this block its element is whole. */
      readonly endsElement: boolean;
      /** The device may restart after it. */
      readonly mayLeave?: boolean | undefined;
    }
  | {
      readonly op: 'read';
      readonly wBlockNum: number;
      readonly address: number;
      readonly lengthBytes: number;
    }
  /** DFU_ABORT: back to dfuIDLE. */
  | {
      readonly op: 'idle';
      /** Nothing is left to be done. */
      readonly isLast?: boolean | undefined;
    }
  /** The block of length 0. */
  | { readonly op: 'leave' };

/** What is done to a device: walked, not listed, since a device says itself how small its blocks are. */
export interface DfuSePlan {
  /** In order; made while they are walked, as often as somebody wants to. */
  readonly operations: Iterable<DfuSeOperation>;
  /** What ends it, however much of `operations` there was to do. */
  readonly ending: readonly DfuSeOperation[];
  /** What was gone past, and what is not known of the device. */
  readonly notes: readonly string[];
}

/** What a plan is made for. */
export interface PlanTerms {
  /** Undefined where the device gives none that can be read. */
  readonly layout: MemoryLayout | undefined;
  /** wTransferSize of the device: what its block numbers count in; 0: not known. */
  readonly deviceTransferSize: number;
  /** Bytes in a block. */
  readonly transferSizeBytes: number;
  readonly modifiers: DfuSeModifiers;
}

/** What a plan can be made for besides a device. */
export interface PlanOptions extends DfuSeModifiers {
  /** Bytes in a block, instead of the device's wTransferSize: 1 to 65535. */
  readonly transferSizeBytes?: number | undefined;
}

/** Throws `INVALID_ARGUMENT` for a device in run-time mode, and for a size that is none. */
export function planTerms(entry: DfuInterface, options: PlanOptions): PlanTerms {
  demandDfuMode(entry);
  const { functional, functionalFound, notes } = entry;
  const isOwn =
    functionalFound && notes.length === 0 && quirkOf(entry).transferSizeBytes === undefined;
  return {
    layout: memoryLayoutOf(entry),
    // What was repaired is not what the device counts its blocks in.
    deviceTransferSize: isOwn ? functional.wTransferSize : 0,
    transferSizeBytes: transferSize(entry, options.transferSizeBytes),
    modifiers: options,
  };
}

/** Block numbers have 16 bits; beyond, the pointer has to be set again. */
const LAST_BLOCK = 0xffff;

/** The address that block 2 is from now on. */
export const setAddress = (address: number): DfuSeOperation => ({
  op: 'command',
  command: { command: 'set-address', address },
});
/** Back to dfuIDLE. */
export const IDLE: DfuSeOperation = { op: 'idle' };

/** Walks anew each time. */
export function walked<T>(walk: () => Iterator<T>): Iterable<T> {
  return { [Symbol.iterator]: walk };
}

/**
 * What to do to write these elements: erase, sector by sector or everything, program, then go back to
 * dfuIDLE or, with `leave`, to what stands at the address, or at the first element without one. Throws
 * `OUT_OF_RANGE` for memory that the layout does not let be written, `UNSUPPORTED` without a layout,
 * `REFUSED` for a mass erase; each unless it is allowed or forced.
 */
export function downloadPlan(elements: readonly DfuSeElement[], terms: PlanTerms): DfuSePlan {
  const { modifiers } = terms;
  const first = erasing(modifiers);
  const notes = elements.flatMap(({ address, data }) =>
    checkRange({ address, lengthBytes: data.length, access: 'writable' }, terms),
  );
  const address = modifiers.address ?? elements[0]?.address;
  return {
    operations: walked(function* () {
      yield* first;
      if (modifiers.massErase !== true) yield* sectorErases(elements, terms);
      for (const [at, element] of elements.entries()) {
        yield* writes(element, terms, at === elements.length - 1);
      }
    }),
    ending: wayOut(first, elements.length > 0, { ...modifiers, address }),
    notes: [...new Set(notes)],
  };
}

/** The commands that need no file: mass erase, read unprotect, leave. Throws `REFUSED` unless forced. */
export function commandPlan(modifiers: DfuSeModifiers): DfuSePlan {
  const operations = erasing(modifiers);
  return { operations, ending: wayOut(operations, false, modifiers), notes: [] };
}

function erasing({ massErase, unprotect, willReset, force }: DfuSeModifiers): DfuSeOperation[] {
  const demand = (what: string): void => {
    if (force === true) return;
    throw new DfuError('REFUSED', `${what} erases everything`, { remedies: ['force'] });
  };
  if (unprotect === true) {
    demand('read unprotect');
    return [{ op: 'command', command: { command: 'read-unprotect' }, mayLeave: true }];
  }
  if (massErase !== true) return [];
  demand('a mass erase');
  const mayLeave = willReset === true;
  return [{ op: 'command', command: { command: 'mass-erase' }, mayLeave }];
}

/** After a command that restarts the device there is nobody left to be asked. */
function wayOut(
  first: readonly DfuSeOperation[],
  more: boolean,
  modifiers: DfuSeModifiers,
): DfuSeOperation[] {
  const gone = first.some((each) => each.op === 'command' && each.mayLeave === true);
  return gone && !more ? [] : ending(modifiers);
}

/** Back to dfuIDLE, or into what stands at the address. */
export function ending({ address, leave }: DfuSeModifiers): DfuSeOperation[] {
  if (leave !== true) return [{ op: 'idle', isLast: true }];
  return address === undefined ? [{ op: 'leave' }] : [setAddress(address), { op: 'leave' }];
}

/** Each sector once, whatever elements touch it; what cannot be erased is written as it is. */
function* sectorErases(
  elements: readonly DfuSeElement[],
  { layout }: PlanTerms,
): Generator<DfuSeOperation> {
  if (layout === undefined) return;
  const seen = new Set<number>();
  for (const { address, data } of elements) {
    for (const sector of sectorsOf(layout, address, data.length)) {
      if (!sector.erasable || seen.has(sector.address)) continue;
      seen.add(sector.address);
      const command = { command: 'erase', address: sector.address } as const;
      yield { op: 'command', command, erasesBytes: sector.sizeBytes };
    }
  }
}

/** The pointer once, as long as the device counts in the same blocks; else before each block. */
function* writes(
  { address, data }: DfuSeElement,
  terms: PlanTerms,
  isLast: boolean,
): Generator<DfuSeOperation> {
  const { transferSizeBytes, modifiers } = terms;
  for (const { start, wBlockNum } of blocks(data.length, terms)) {
    if (wBlockNum === DFUSE_FIRST_BLOCK) yield setAddress(address + start);
    const end = start + transferSizeBytes;
    const endsElement = end >= data.length;
    const block = data.subarray(start, end);
    const mayLeave = isLast && endsElement && modifiers.willReset === true;
    const write = { op: 'write', wBlockNum, address: address + start, data: block } as const;
    yield { ...write, endsElement, mayLeave };
  }
}

/** Where each block begins, and its number: 2 is where the pointer is. */
export function* blocks(
  lengthBytes: number,
  { transferSizeBytes, deviceTransferSize }: PlanTerms,
): Generator<{ readonly start: number; readonly wBlockNum: number }> {
  const counts = transferSizeBytes === deviceTransferSize;
  let wBlockNum = DFUSE_FIRST_BLOCK;
  for (let start = 0; start < lengthBytes; start += transferSizeBytes) {
    yield { start, wBlockNum };
    const next = wBlockNum + 1;
    wBlockNum = counts && next <= LAST_BLOCK ? next : DFUSE_FIRST_BLOCK;
  }
}
