// A page that has the site's boards and nothing else: what a test does with them is told to it from outside.
import { boardModels, bootloaderOf, firmwareImage, boardModel } from 'dfukit/board';
import type { BoardEvent } from 'dfukit/board';
import { flashFile } from 'dfukit/host';
import type { FlashOptions } from 'dfukit/host';
import { timerClock } from 'dfukit/usb';
import type { BoardClient, BoardOrder } from '../../../../web/boards/board-client.ts';
import { catalogue, startsOf } from '../../../../web/boards/catalogue.ts';
import { startBoard } from '../../../../web/boards/start-board.ts';

const clock = timerClock(globalThis);

/** A board, and everything that it has told, each event in one line. */
class Watched {
  readonly client: BoardClient;
  readonly events: BoardEvent[] = [];
  readonly states: (string | undefined)[] = [];
  operations = 0;
  transfers = 0;
  ended: string | undefined;
  #looking: (() => void)[] = [];

  constructor(client: BoardClient) {
    this.client = client;
    client.onEvent((event) => {
      this.events.push(event);
      for (const look of this.#looking) look();
    });
    client.onOperation(({ operations }) => {
      this.operations += operations;
    });
    client.onTransfer(() => {
      this.transfers += 1;
    });
    client.onDfuState((state) => this.states.push(state));
    client.onEnd((why) => {
      this.ended = why;
    });
  }

  get console(): string[] {
    return this.events.flatMap((event) => (event.type === 'console' ? [event.text] : []));
  }

  /** The first such event behind that many others; a test that waits in vain times out. */
  until(fits: (event: BoardEvent) => boolean, from = 0): Promise<BoardEvent> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.events.slice(from).find((event) => fits(event));
        if (found === undefined) return;
        this.#looking = this.#looking.filter((each) => each !== look);
        resolve(found);
      };
      this.#looking.push(look);
      look();
    });
  }

  /** Until a line of the console has that in it. */
  prints(part: string, from = 0): Promise<BoardEvent> {
    return this.until((event) => event.type === 'console' && event.text.includes(part), from);
  }

  /** Flashes a sample as a flasher does; the error in words where it fails. */
  async flash(id: string, options: Partial<FlashOptions> = {}): Promise<string> {
    const { client } = this;
    const sample = client.facts.samples.find((each) => each.id === id);
    const file = await client.sample(id);
    const { alternate, address } = sample ?? {};
    try {
      const selection = { alternate };
      const ended = await flashFile(client.bus, file, { clock, selection, address, ...options });
      return ended.outcome;
    } catch (error) {
      return `${(error as { code?: string }).code}: ${(error as Error).message}`;
    }
  }
}

/** A firmware for slot 1 of a particle-xenon. */
function moduleImage(source: string, version: number): Uint8Array {
  const payload = new TextEncoder().encode(source);
  const model = boardModel('particle-xenon');
  return firmwareImage(payload, { model, bootloader: 'riotboot_dfu', slot: 1, version });
}

/** All that the tests use. */
const boards = {
  boardModels,
  bootloaderOf,
  catalogue,
  startsOf,
  moduleImage,
  start: async (order: BoardOrder): Promise<Watched> => new Watched(await startBoard(order)),
  sleep: (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms)),
};

export type Boards = typeof boards;

Object.assign(globalThis, { boards });
