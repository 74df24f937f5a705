import type { Page } from 'playwright-core';

/**
 * In a page before anything of its own: keeps its workers, and whether it has ended them. To a debugger a worker that was
 * ended while another was beginning in it looks alive for good, though its thread is gone.
 */
export const KEEPS_WORKERS = `
  globalThis.keptWorkers = [];
  const Usual = Worker;
  globalThis.Worker = class extends Usual {
    constructor(...given) {
      super(...given);
      this.isEnded = false;
      keptWorkers.push(this);
    }
    terminate() {
      this.isEnded = true;
      super.terminate();
    }
  };
`;

/** How many workers the page has made, and how many of them it has not ended. */
export function workersOf(page: Page): Promise<{ readonly made: number; readonly left: number }> {
  return page.evaluate(() => {
    const { keptWorkers } = globalThis as unknown as {
      readonly keptWorkers: readonly { readonly isEnded: boolean }[];
    };
    return { made: keptWorkers.length, left: keptWorkers.filter((each) => !each.isEnded).length };
  });
}
