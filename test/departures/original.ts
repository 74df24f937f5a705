/** Where this package does something else than the program that it otherwise does as. */
export interface Departure {
  /** What the original does. */
  readonly original: string;
  /** What is done here. */
  readonly here: string;
  /** Why. */
  readonly why: string;
  /** Where it is so, if not everywhere: in dfukit's own commands, or in the original's command line. */
  readonly only?: 'commands' | 'drop-in' | undefined;
}

/** A program, or a device, that something here is like, and every departure from it by its name. */
export interface Original {
  readonly title: string;
  /** What here is like it, and where it is told how. */
  readonly about: string;
  readonly departures: Readonly<Record<string, Departure>>;
}
