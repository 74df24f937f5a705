/** Something that must hold before a device carries a request out. */
export interface Condition {
  /** Why it does not hold, in words: `the button is not held`. Undefined: it holds. */
  refusal(): string | undefined;
}

/** A condition that is looked at each time, such as a button. */
export function condition(reason: string, holds: () => boolean): Condition {
  return { refusal: () => (holds() ? undefined : reason) };
}

/** A condition that an application sets: locked until it unlocks it. */
export class Lock implements Condition {
  readonly #reason: string;
  #open = false;

  /** `reason`: what a host is told while it is locked. */
  constructor(reason: string = 'the application has not unlocked it') {
    this.#reason = reason;
  }

  unlock(): void {
    this.#open = true;
  }

  lock(): void {
    this.#open = false;
  }

  refusal(): string | undefined {
    return this.#open ? undefined : this.#reason;
  }
}
