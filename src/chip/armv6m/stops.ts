/** A set of addresses that tells which of them comes or goes: what was decoded there is to be decoded anew. */
export class Stops extends Set<number> {
  readonly #changed: (address: number) => void;

  constructor(changed: (address: number) => void) {
    super();
    this.#changed = changed;
  }

  override add(address: number): this {
    this.#changed(address);
    return super.add(address);
  }

  override delete(address: number): boolean {
    this.#changed(address);
    return super.delete(address);
  }

  override clear(): void {
    for (const address of this) this.#changed(address);
    super.clear();
  }
}
