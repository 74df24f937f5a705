/** Who is who: what units are called, and how many have a serial number. One that several have tells nobody apart. */
export class Identities {
  readonly #names = new Map<string, number>();
  readonly #serials = new Map<string, number>();

  /** What a unit is called: its serial number, or its path where it has none or another is called so. */
  named(serial: string | null, path: string): string {
    const name = serial === null || this.#names.has(serial) ? path : serial;
    const before = this.#names.get(name) ?? 0;
    this.#names.set(name, before + 1);
    return before === 0 ? name : `${name}#${before + 1}`;
  }

  /** One more unit has this serial number. */
  add(serial: string): void {
    this.#serials.set(serial, (this.#serials.get(serial) ?? 0) + 1);
  }

  /** A unit that was known by another one has it, and nobody else that is worked on. */
  met(serial: string): void {
    this.#serials.set(serial, this.#serials.has(serial) ? 2 : 1);
  }

  /** Whether exactly one unit has it. */
  isOwn(serial: string): boolean {
    return this.#serials.get(serial) === 1;
  }

  /** The serial number if exactly one unit has it. */
  ownOf(serial: string | null): string | undefined {
    return serial !== null && this.isOwn(serial) ? serial : undefined;
  }
}
