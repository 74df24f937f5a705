/** Work that takes no time of the board and real time all the same: what is hashed and verified. */
export class Work {
  readonly #underWay = new Set<Promise<unknown>>();

  get isUnderWay(): boolean {
    return this.#underWay.size > 0;
  }

  /** Counts it until it has ended. */
  follow<T>(work: Promise<T>): Promise<T> {
    const noted: Promise<unknown> = work.then(
      () => this.#underWay.delete(noted),
      () => this.#underWay.delete(noted),
    );
    this.#underWay.add(noted);
    return work;
  }

  /** Resolves when all of it has ended that is under way now. */
  async over(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}
