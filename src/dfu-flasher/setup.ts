import { DfuError } from '../bytes/index.ts';
import { prepare } from './settings.ts';
import type { FlasherSettings, Prepared } from './settings.ts';

/** A page's settings on their way to what can be worked with: the newest count, whatever is still being fetched. */
export class Setup {
  readonly #changed: () => void;
  #loading: AbortController | undefined;
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

  async load(settings: FlasherSettings): Promise<void> {
    this.#loading?.abort();
    const loading = new AbortController();
    this.#loading = loading;
    this.prepared = undefined;
    this.problem = undefined;
    this.#changed();
    const { prepared, problem } = await attempt(settings, loading.signal);
    if (this.#loading !== loading) return;
    this.#loading = undefined;
    this.prepared = prepared;
    this.problem = problem;
    this.#changed();
  }
}

async function attempt(
  settings: FlasherSettings,
  signal: AbortSignal,
): Promise<{ readonly prepared?: Prepared; readonly problem?: string }> {
  try {
    return { prepared: await prepare(settings, signal) };
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    return { problem: error.message };
  }
}
