import { DfuError, hexNumber } from '../../bytes/index.ts';
import { accessibleBytes, parseMemoryLayout, sectorAt } from '../../dfu/index.ts';
import type { MemoryAccess, MemoryLayout } from '../../dfu/index.ts';
import { DONE, failed } from '../media/medium.ts';
import type { MediumResult } from '../media/medium.ts';
import type { DfuSeMemory } from './memory.ts';
import type { DfuSeProfile } from './profile.ts';

/** Addresses have 32 bits. */
const LAST_ADDRESS = 0xffffffff;

/** A memory with its layout at the door: what the layout does not allow does not get in. */
export class DfuSeAccess {
  readonly memory: DfuSeMemory;
  /** Where its first region begins. */
  readonly firstAddress: number;
  readonly #layout: MemoryLayout | undefined;
  readonly #wrongAddress: DfuSeProfile['wrongAddress'];

  /** Throws what `parseMemoryLayout` throws, if the profile looks at the layout. */
  constructor(memory: DfuSeMemory, profile: DfuSeProfile) {
    this.memory = memory;
    this.#layout = profile.checksLayout ? parseMemoryLayout(memory.layout) : undefined;
    this.firstAddress = (this.#layout ?? layoutIfAny(memory.layout))?.regions[0]?.address ?? 0;
    this.#wrongAddress = profile.wrongAddress;
  }

  /** Whether that address belongs to it; a device that does not look at its layout takes any. */
  has(address: number): boolean {
    return this.#layout === undefined || sectorAt(this.#layout, address) !== undefined;
  }

  /** Whether the pointer may be set there. */
  point(address: number): MediumResult {
    return this.has(address) ? DONE : this.#outside(address);
  }

  erase(address: number): MediumResult {
    const refused = this.#refuse(address, 1, 'erasable');
    return refused ?? this.memory.erase(address);
  }

  massErase(): MediumResult {
    return this.memory.massErase?.() ?? failed('errSTALLEDPKT', 'there is no mass erase');
  }

  readUnprotect(): MediumResult {
    return this.memory.readUnprotect?.() ?? failed('errSTALLEDPKT', 'there is no read unprotect');
  }

  program(address: number, bytes: Uint8Array): MediumResult {
    if (address > LAST_ADDRESS) return this.#overflow(address);
    const refused = this.#refuse(address, bytes.length, 'writable');
    return refused ?? this.memory.program(address, bytes);
  }

  /** Up to so many bytes: fewer, or none, where what can be read ends. */
  read(address: number, lengthBytes: number): Uint8Array | MediumResult {
    if (address > LAST_ADDRESS) return this.#overflow(address);
    if (this.#layout === undefined) return this.memory.read(address, lengthBytes);
    const left = accessibleBytes(this.#layout, address, 'readable');
    // A host that reads to the end finds it by a block without bytes.
    const atEnd = left === 0 && accessibleBytes(this.#layout, address - 1, 'readable') === 1;
    if (atEnd) return new Uint8Array(0);
    if (left === 0) return this.#refuse(address, 1, 'readable') ?? new Uint8Array(0);
    return this.memory.read(address, Math.min(lengthBytes, left));
  }

  #refuse(address: number, lengthBytes: number, access: MemoryAccess): MediumResult | undefined {
    if (this.#layout === undefined) return undefined;
    const left = accessibleBytes(this.#layout, address, access);
    if (left >= lengthBytes) return undefined;
    const first = address + left;
    if (sectorAt(this.#layout, first) === undefined) return this.#outside(first);
    const what = `${hexNumber(first, 8)} is not ${access}`;
    return failed(STATUSES[access], `${what}: ${this.memory.layout}`);
  }

  #outside(address: number): MediumResult {
    return failed(
      this.#wrongAddress,
      `there is no memory at ${hexNumber(address, 8)}: ${this.memory.layout}`,
    );
  }

  #overflow(address: number): MediumResult {
    return failed('errADDRESS', `the block lies at ${hexNumber(address)}, beyond 32 bits`);
  }
}

/** A device that hands everything on to its memory does not mind what its name says. */
function layoutIfAny(text: string): MemoryLayout | undefined {
  try {
    return parseMemoryLayout(text);
  } catch (error) {
    if (DfuError.is(error)) return undefined;
    throw error;
  }
}

const STATUSES = { readable: 'errVENDOR', erasable: 'errERASE', writable: 'errWRITE' } as const;
