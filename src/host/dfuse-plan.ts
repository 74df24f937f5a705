import { DfuError, hexNumber } from '../bytes/index.ts';
import { DFUSE_FIRST_BLOCK, accessibleBytes, sectorsOf } from '../dfu/index.ts';
import type { DfuSeCommand, DfuSeElement, MemoryAccess, MemoryLayout } from '../dfu/index.ts';
import { demandDfuMode, memoryLayoutOf, transferSize } from './dialect.ts';
import type { DfuInterface } from './dfu-interface.ts';

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
  /** The device restarts after the mass erase; that is no error. */
  readonly willReset?: boolean | undefined;
  /** Do also what destroys everything, and what the memory layout does not allow. */
  readonly force?: boolean | undefined;
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
    }
  | {
      readonly op: 'read';
      readonly wBlockNum: number;
      readonly address: number;
      readonly lengthBytes: number;
    }
  /** DFU_ABORT: back to dfuIDLE. */
  | { readonly op: 'idle' }
  /** The block of length 0. */
  | { readonly op: 'leave' };

/** What a plan is made for. */
interface PlanTerms {
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
  return {
    layout: memoryLayoutOf(entry),
    // What was repaired is not what the device counts its blocks in.
    deviceTransferSize: functionalFound && notes.length === 0 ? functional.wTransferSize : 0,
    transferSizeBytes: transferSize(entry, options.transferSizeBytes),
    modifiers: options,
  };
}

/** Block numbers have 16 bits; beyond, the pointer has to be set again. */
const LAST_BLOCK = 0xffff;

const setAddress = (address: number): DfuSeOperation => ({
  op: 'command',
  command: { command: 'set-address', address },
});
const IDLE: DfuSeOperation = { op: 'idle' };

/**
 * What to do to write these elements: erase, sector by sector or everything, program, then go back to
 * dfuIDLE or, with `leave`, to what stands at the address, or at the first element without one. Throws
 * `OUT_OF_RANGE` for memory that the layout does not let be written, `UNSUPPORTED` without a layout,
 * `REFUSED` for a mass erase; each unless it is forced.
 */
export function downloadPlan(
  elements: readonly DfuSeElement[],
  terms: PlanTerms,
): DfuSeOperation[] {
  const { modifiers } = terms;
  const plan = erasing(modifiers);
  for (const { address, data } of elements) {
    check({ address, lengthBytes: data.length, access: 'writable' }, terms);
  }
  if (modifiers.massErase !== true) plan.push(...sectorErases(elements, terms));
  for (const element of elements) plan.push(...writes(element, terms));
  const address = modifiers.address ?? elements[0]?.address;
  return [...plan, ...wayOut(plan, { ...modifiers, address })];
}

/** The commands that need no file: mass erase, read unprotect, leave. Throws `REFUSED` unless forced. */
export function commandPlan(modifiers: DfuSeModifiers): DfuSeOperation[] {
  const plan = erasing(modifiers);
  return [...plan, ...wayOut(plan, modifiers)];
}

function erasing({ massErase, unprotect, willReset, force }: DfuSeModifiers): DfuSeOperation[] {
  const plan: DfuSeOperation[] = [];
  const demand = (what: string): void => {
    if (force === true) return;
    throw new DfuError('REFUSED', `${what} erases everything`, { remedies: ['force'] });
  };
  if (unprotect === true) {
    demand('read unprotect');
    plan.push({ op: 'command', command: { command: 'read-unprotect' }, mayLeave: true });
  } else if (massErase === true) {
    demand('a mass erase');
    const mayLeave = willReset === true;
    plan.push({ op: 'command', command: { command: 'mass-erase' }, mayLeave });
  }
  return plan;
}

/** After a read unprotect there is nobody left to be asked. */
function wayOut(plan: readonly DfuSeOperation[], modifiers: DfuSeModifiers): DfuSeOperation[] {
  const gone = plan.some((each) => each.op === 'command' && each.mayLeave === true);
  return gone && plan.length === 1 ? [] : ending(modifiers);
}

/** Back to dfuIDLE, or into what stands at the address. */
function ending({ address, leave }: DfuSeModifiers): DfuSeOperation[] {
  if (leave !== true) return [IDLE];
  return address === undefined ? [{ op: 'leave' }] : [setAddress(address), { op: 'leave' }];
}

interface Range {
  readonly address: number;
  readonly lengthBytes: number;
  readonly access: MemoryAccess;
}

function check({ address, lengthBytes, access }: Range, { layout, modifiers }: PlanTerms): void {
  if (modifiers.force === true || lengthBytes === 0) return;
  if (layout === undefined) {
    const why = 'the name of its alternate setting is no memory layout';
    const message = `the device does not tell where its memory is: ${why}`;
    throw new DfuError('UNSUPPORTED', message, { remedies: ['force'] });
  }
  const left = accessibleBytes(layout, address, access);
  if (left >= lengthBytes) return;
  const where = hexNumber(address + left, 8);
  const message = `${lengthBytes} bytes at ${hexNumber(address, 8)}: ${where} is not ${access}`;
  throw new DfuError('OUT_OF_RANGE', `${message} in "${layout.name.trim()}"`);
}

/** Each sector once, whatever elements touch it; what cannot be erased is written as it is. */
function sectorErases(elements: readonly DfuSeElement[], { layout }: PlanTerms): DfuSeOperation[] {
  const sectors = new Map<number, DfuSeOperation>();
  if (layout === undefined) return [];
  for (const { address, data } of elements) {
    for (const sector of sectorsOf(layout, address, data.length)) {
      if (!sector.erasable) continue;
      const command = { command: 'erase', address: sector.address } as const;
      sectors.set(sector.address, { op: 'command', command, erasesBytes: sector.sizeBytes });
    }
  }
  return [...sectors.values()];
}

/** The pointer once, as long as the device counts in the same blocks; else before each block. */
function* writes({ address, data }: DfuSeElement, terms: PlanTerms): Generator<DfuSeOperation> {
  const { transferSizeBytes } = terms;
  for (const { start, wBlockNum } of blocks(data.length, terms)) {
    if (wBlockNum === DFUSE_FIRST_BLOCK) yield setAddress(address + start);
    const end = start + transferSizeBytes;
    const endsElement = end >= data.length;
    const block = data.subarray(start, end);
    yield { op: 'write', wBlockNum, address: address + start, data: block, endsElement };
  }
}

function* blocks(
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

/** dfu-util reads no more than that where neither address nor length is given. */
const BLIND_BYTES = 0x4000;

/**
 * What to do to read: from the address to the end of what can be read without a gap, or so many bytes.
 * Without an address the device's own pointer counts, and 16 KiB if no length is given. Ends, and
 * throws, as `downloadPlan` does.
 */
export function uploadPlan(terms: PlanTerms): {
  readonly plan: DfuSeOperation[];
  readonly totalBytes: number;
} {
  const { modifiers, layout } = terms;
  const { address } = modifiers;
  const plan: DfuSeOperation[] = [];
  const totalBytes = lengthOf(terms);
  if (address !== undefined) check({ address, lengthBytes: totalBytes, access: 'readable' }, terms);
  const base = address ?? 0;
  const start = layout?.regions[0]?.address ?? 0;
  for (const { start: at, wBlockNum } of blocks(totalBytes, terms)) {
    const moves = address !== undefined || at > 0;
    if (wBlockNum === DFUSE_FIRST_BLOCK && moves) {
      if (at > 0) plan.push(IDLE);
      // Where the device began by itself is not known; most begin where their memory does.
      plan.push(setAddress((address ?? start) + at), IDLE);
    }
    const lengthBytes = Math.min(terms.transferSizeBytes, totalBytes - at);
    plan.push({ op: 'read', wBlockNum, address: base + at, lengthBytes });
  }
  plan.push(...ending(modifiers));
  return { plan, totalBytes };
}

function lengthOf({ modifiers, layout }: PlanTerms): number {
  const { address, lengthBytes } = modifiers;
  if (lengthBytes !== undefined) return lengthBytes;
  if (address === undefined) return BLIND_BYTES;
  if (layout !== undefined) return Math.max(1, accessibleBytes(layout, address, 'readable'));
  const message = 'the device does not tell its size: say how many bytes';
  throw new DfuError('INVALID_ARGUMENT', message, { remedies: ['length'] });
}
