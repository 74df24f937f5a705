/** How many bytes an access moves. */
export type AccessSize = 1 | 2 | 4;

/**
 * Memory that the core reads, and executes from, by itself, without asking the bus: flash and RAM. A word of it
 * is little-endian.
 */
export interface CoreMemory {
  /** Address of its first byte, a multiple of 4. */
  readonly address: number;
  /**
   * Its length is a multiple of 4. Whoever writes into it from outside calls `Core.written`. The same bytes may be seen at
   * several addresses, as a whole.
   */
  readonly bytes: Uint8Array;
  /** Whether stores go there; those to memory that is not writable go to `Bus.write`. */
  readonly writable: boolean;
}

/**
 * Everything else that an access can reach. Addresses are unsigned and aligned to the size; what the core answers for
 * itself (0xe000e000 to 0xe000efff, the System Control Space) does not come here.
 */
export interface Bus {
  /** In order of address, without overlap. */
  readonly memories: readonly CoreMemory[];
  /** The value, zero-extended. Throws `BusFault` where nobody answers. */
  read(address: number, size: AccessSize): number;
  /** `value` is unsigned, of that size. Throws `BusFault` where nobody answers. */
  write(address: number, size: AccessSize, value: number): void;
}

/**
 * An access that nobody answers: a HardFault of the core (ARMv6-M B1.5.6), with these words for people. What a chip has but
 * the model does not says so by `unmodelled`: the program is not to blame, and goes no further.
 */
export class BusFault extends Error {
  override readonly name = 'BusFault';
  readonly address: number;
  readonly unmodelled: boolean;

  constructor(
    address: number,
    words: string,
    { unmodelled = false }: { readonly unmodelled?: boolean } = {},
  ) {
    super(words);
    this.address = address;
    this.unmodelled = unmodelled;
  }
}
