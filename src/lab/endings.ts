import type { ImageNames, RunningImage } from './image-names.ts';

/**
 * What a power cut comes to, the harmless first.
 * - `same`: the same flash as without a cut
 * - `same-image`: the same image runs, other bytes differ (a trailer, an erased slot)
 * - `other-image`: at rest another image runs than without a cut
 * - `stumbles`: a boot finds nothing to run, a later one recovers
 * - `restless`: it never comes to rest; every boot changes flash again
 * - `dead`: no boot finds anything to run any more
 * - `halts`: the bootloader stops in an assertion, goes astray or hangs
 */
export type CutOutcome =
  'same' | 'same-image' | 'other-image' | 'stumbles' | 'restless' | 'dead' | 'halts';

/** All outcomes, the harmless first. */
export const cutOutcomes: readonly CutOutcome[] = [
  'same',
  'same-image',
  'other-image',
  'stumbles',
  'restless',
  'dead',
  'halts',
];

/** Whether an outcome is a loss, compared with what happens without a cut. */
export function isWorse(outcome: CutOutcome, undisturbed: CutOutcome): boolean {
  const rank = cutOutcomes.indexOf(outcome);
  if (rank < cutOutcomes.indexOf('other-image')) return false;
  // it is never what happens without a cut, however bad that is
  if (outcome === 'other-image') return true;
  return rank > cutOutcomes.indexOf(undisturbed);
}

/** One boot, as far as an ending has to know of it. */
export interface EndedBoot<S> {
  /** `ok`: an image runs; `fail`: there is none to run; else the bootloader stopped or hangs. */
  readonly outcome: string;
  /** How a boot ended that ran nothing, if there is more to say than its outcome. */
  readonly words?: string | undefined;
  /** What runs, one image of each pair; undefined if nothing does. */
  readonly images: readonly RunningImage[] | undefined;
  /** 0: it changed nothing in flash, and the next one does as it did. */
  readonly operations: number;
  /** The device afterwards. */
  readonly next: S;
}

/** Boots from any spot. */
interface BootsFrom<S> {
  boot(at: S, depth: 2): Promise<EndedBoot<S>>;
}

/** Where a device goes from some spot, boot by boot, with nobody confirming anything. */
export interface Ending {
  /** Boots up to and with the one that changes nothing. */
  readonly boots: number;
  /** What they ran, each once in a row: numbers of images, or how a boot ended that ran nothing. */
  readonly path: readonly string[];
  /** The boot that changes nothing; undefined if there is none. */
  readonly rest: EndedBoot<unknown> | undefined;
  /** Whether a boot on the way there ran nothing. */
  readonly stumbled: boolean;
  /** Names the device at rest. */
  readonly restKey: string | undefined;
}

/** Numbers of images; names can be given to them once all are known. */
function stepText({ images, outcome, words }: EndedBoot<unknown>): string {
  return images?.map(({ number }) => String(number)).join(' ') ?? words ?? outcome;
}

/** A step of a path in words: what runs of the first pair, or how the boot ended. */
export function stepWords(step: string, names: ImageNames): string {
  const [first] = step.split(' ');
  return /^\d/.test(step) ? names.label(Number(first)) : step;
}

function before(run: EndedBoot<unknown>, ending: Ending): Ending {
  const step = stepText(run);
  const path = ending.path[0] === step ? ending.path : [step, ...ending.path];
  const stumbled = ending.stumbled || run.images === undefined;
  return { ...ending, boots: ending.boots + 1, path, stumbled };
}

/** The ending that is one boot, at rest or not. */
function lastBoot(run: EndedBoot<unknown>, restKey: string | undefined): Ending {
  const rest = restKey === undefined ? undefined : run;
  const stumbled = run.images === undefined;
  return { boots: 1, path: [stepText(run)], rest, restKey, stumbled };
}

/** Endings of many spots, each found out once. */
export class Endings<S extends { readonly key: string }> {
  readonly #runs: BootsFrom<S>;
  readonly #mostBoots: number;
  readonly #known = new Map<string, Ending>();

  constructor(runs: BootsFrom<S>, mostBoots: number) {
    this.#runs = runs;
    this.#mostBoots = mostBoots;
  }

  /** Boots until nothing changes any more, or until it is clear that this never happens. */
  async of(spot: S): Promise<Ending> {
    const chain: { readonly key: string; readonly run: EndedBoot<S> }[] = [];
    const seen = new Set<string>();
    let at = spot;
    let ending = this.#known.get(at.key);
    while (ending === undefined) {
      const run = await this.#runs.boot(at, 2);
      const restless = seen.has(at.key) || chain.length >= this.#mostBoots;
      if (restless || run.operations === 0) {
        ending = lastBoot(run, restless ? undefined : at.key);
        if (!restless) this.#known.set(at.key, ending);
        break;
      }
      seen.add(at.key);
      chain.push({ key: at.key, run });
      at = run.next;
      ending = this.#known.get(at.key);
    }
    for (const { key, run } of chain.toReversed()) {
      ending = before(run, ending);
      this.#known.set(key, ending);
    }
    return ending;
  }
}

/** Every image and the slot that it runs from. */
function whatRuns(run: EndedBoot<unknown> | undefined): string | undefined {
  return run?.images?.map(({ slot, number }) => `${slot}:${number}`).join(' ');
}

/** Where the one without a cut never comes to rest: whether what runs in the end is what ran there. */
function isKnown({ path }: Ending, undisturbed: Ending): boolean {
  const last = path.at(-1);
  return last !== undefined && undisturbed.path.includes(last);
}

/** What an ending that never comes to rest comes to. */
function restlessOutcome(ending: Ending, undisturbed: Ending): CutOutcome {
  if (undisturbed.rest !== undefined || isKnown(ending, undisturbed)) return 'restless';
  return /^\d/.test(ending.path.at(-1) ?? '') ? 'other-image' : 'dead';
}

/** What an ending comes to beside the one without a cut. */
export function outcomeOf(ending: Ending, undisturbed: Ending): CutOutcome {
  const { rest, restKey, stumbled } = ending;
  if (rest === undefined) return restlessOutcome(ending, undisturbed);
  if (rest.outcome === 'fail') return 'dead';
  if (rest.outcome !== 'ok') return 'halts';
  const other = undisturbed.rest;
  const alike =
    other === undefined ? isKnown(ending, undisturbed) : whatRuns(other) === whatRuns(rest);
  if (!alike) return 'other-image';
  if (stumbled) return 'stumbles';
  return restKey === undisturbed.restKey ? 'same' : 'same-image';
}
