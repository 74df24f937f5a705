import { DfuError } from '../bytes/index.ts';
import { prepare, unsupportedHere } from './settings.ts';
import type { FlasherSettings, Prepared, Unsupported } from './settings.ts';

/** A page's settings on their way to what can be worked with: the newest count, whatever is still being fetched. */
export class Setup {
  readonly #changed: () => void;
  #loading: AbortController | undefined;
  #last: Promise<void> = Promise.resolve();
  /** Undefined while it is fetched, and if that has failed. */
  prepared: Prepared | undefined;
  /** What is wrong with the settings, or with what they name. */
  problem: string | undefined;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get isLoading(): boolean {
    return this.#loading !== undefined;
  }

  /** Resolves once nothing is being fetched any more, whatever came of it. */
  async settled(): Promise<void> {
    while (this.isLoading) await this.#last;
  }

  /** `cannot` is told at once where nothing can be flashed: not once a manifest has come, or has not. */
  load(settings: FlasherSettings, cannot: (why: Unsupported) => void): Promise<void> {
    this.#last = this.#load(settings, cannot);
    return this.#last;
  }

  async #load(settings: FlasherSettings, cannot: (why: Unsupported) => void): Promise<void> {
    this.#loading?.abort();
    const loading = new AbortController();
    this.#loading = loading;
    this.prepared = undefined;
    this.problem = undefined;
    this.#changed();
    const unsupported = await unsupportedHere(settings);
    if (this.#loading !== loading) return;
    if (unsupported !== undefined) cannot(unsupported);
    const { prepared, problem } = await attempt(() =>
      prepare(settings, unsupported, loading.signal),
    );
    if (this.#loading !== loading) return;
    this.#loading = undefined;
    this.prepared = prepared;
    this.problem = problem;
    this.#changed();
  }
}

async function attempt(
  work: () => Promise<Prepared>,
): Promise<{ readonly prepared?: Prepared; readonly problem?: string }> {
  try {
    return { prepared: await work() };
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    return { problem: error.message };
  }
}
