import type { EndedBoot } from '../../lab/index.ts';
import { bootOnChip } from './boot-on-chip.ts';
import type { BootMachine, ChipBoot } from './boot-on-chip.ts';
import type { ChipOperation, FlashMoment } from './forked-flash.ts';

/** A boot as it is remembered. */
interface Boot extends EndedBoot<FlashMoment> {
  readonly chip: ChipBoot;
}

/** Boots of one chip from many moments of its flash, each once. */
export class Boots {
  boots = 0;
  instructions = 0;
  ns = 0;
  readonly #machine: BootMachine;
  readonly #known = new Map<string, Boot>();

  constructor(machine: BootMachine) {
    this.#machine = machine;
  }

  async boot(at: FlashMoment): Promise<Boot> {
    return this.#known.get(at.key) ?? (await this.run(at));
  }

  /** Boots, and tells of each operation. */
  async run(at: FlashMoment, watch?: (operation: ChipOperation) => void): Promise<Boot> {
    const { flash } = this.#machine;
    flash.load(at);
    const chip = await bootOnChip(this.#machine, watch);
    this.boots += 1;
    this.instructions += chip.instructions;
    this.ns += chip.ns;
    const next = flash.moment();
    const { outcome, words, image } = chip;
    const boot: Boot = {
      chip,
      outcome,
      words,
      images: image === undefined ? undefined : [{ slot: 0, number: image }],
      operations: next.key === at.key ? 0 : 1,
      next,
    };
    this.#known.set(at.key, boot);
    return boot;
  }
}
