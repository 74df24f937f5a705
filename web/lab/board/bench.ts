import type { BoardFile } from 'dfukit/board';
import type { BoardAction, BoardClient, BoardOrder } from '../../boards/board-client.ts';
import { catalogue } from '../../boards/catalogue.ts';
import { Problem, problemWords } from '../problem.ts';
import {
  boardChoices,
  bootloaderChoices,
  bootloadersOfFile,
  startChoices,
} from './board-choices.ts';
import type { Choice } from './board-choices.ts';
import { BoardSession } from './board-session.ts';
import type { BoardView } from './board-session.ts';
import { boardFileOf, dumpOf, firmwareOf } from './dropped-file.ts';
import type { LabAddress } from './lab-address.ts';

/** What a first visitor sees: MCUboot, a lamp, a button. */
const FIRST_BOARD = 'reel_board';

/** A board file that is used instead of a board of the catalogue. */
interface OwnBoard {
  readonly file: BoardFile;
  readonly fileName: string;
}

/** A dump that is in the board's flash instead of what it starts with otherwise. */
interface OwnFlash {
  readonly bytes: Uint8Array;
  readonly fileName: string;
}

/** Which board lies on the bench, and what one wants to be on it. */
export class Bench {
  readonly #make: (order: BoardOrder) => Promise<BoardClient>;
  readonly #view: BoardView;
  #address: LabAddress;
  #own: OwnBoard | undefined;
  #ownFlash: OwnFlash | undefined;
  #session: BoardSession | undefined;
  /** Counts orders: what came of an older one is put away again. */
  #order = 0;
  #isBusy = false;
  #checksSignatures = true;
  /** What did not work, in a sentence; until the next thing is done. */
  problem: string | undefined;

  constructor(
    make: (order: BoardOrder) => Promise<BoardClient>,
    address: LabAddress,
    view: BoardView,
  ) {
    this.#make = make;
    this.#address = address;
    this.#view = view;
  }

  get session(): BoardSession | undefined {
    return this.#session;
  }

  /** A board is being made. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** The name of the board file, if one is used. */
  get ownFile(): string | undefined {
    return this.#own?.fileName;
  }

  /** The name of the dump of flash, if one is used. */
  get ownFlash(): string | undefined {
    return this.#ownFlash?.fileName;
  }

  /** By its name in the catalogue. */
  get board(): string {
    const known = boardChoices.some(({ value }) => value === this.#address.board);
    return known ? this.#address.board : FIRST_BOARD;
  }

  /** As one calls it. */
  get title(): string {
    return this.#session?.client.facts.name ?? this.#own?.fileName ?? this.board;
  }

  get bootloaders(): readonly Choice[] {
    if (this.#own !== undefined) return bootloadersOfFile(this.#own.file);
    const board = catalogue.find(({ name }) => name === this.board);
    return bootloaderChoices(board?.bootloaders ?? []);
  }

  get bootloader(): string {
    return chosen(this.bootloaders, this.#address.bootloader);
  }

  get starts(): readonly Choice[] {
    return startChoices(this.bootloader);
  }

  get start(): string {
    return chosen(this.starts, this.#address.start);
  }

  /** What the page's address is to say; of a file it cannot say anything. */
  get address(): LabAddress {
    const { bootloader } = this;
    const start = this.#ownFlash === undefined ? this.start : '';
    const board = this.#own === undefined ? this.board : '';
    return { board, bootloader, start, at: this.#address.at };
  }

  /** The flasher refuses what the board would refuse for its signature. */
  get checksSignatures(): boolean {
    return this.#checksSignatures;
  }

  checkSignatures(checks: boolean): void {
    this.#checksSignatures = checks;
    this.#view.changed();
  }

  /** The range that has this place is chosen. */
  pointAt(at: number): void {
    this.#address = { ...this.#address, at };
    this.#view.changed();
  }

  /** Another board, bootloader or start; what does not go with it any more is its first. */
  async choose(address: Partial<LabAddress>): Promise<void> {
    if (address.board !== undefined) this.#own = undefined;
    const isOtherFlash = address.board !== undefined || (address.start ?? '') !== '';
    if (isOtherFlash) this.#ownFlash = undefined;
    this.#address = { ...this.#address, at: undefined, ...address };
    await this.plugIn();
  }

  async useBoardFile(file: File): Promise<void> {
    try {
      this.#own = { file: await boardFileOf(file), fileName: file.name };
    } catch (error) {
      this.failed(error);
      return;
    }
    this.#ownFlash = undefined;
    this.#address = { board: '', bootloader: '', start: '', at: undefined };
    await this.plugIn();
  }

  /** The same board anew, with that in its flash. */
  async useDump(file: File): Promise<void> {
    const { session } = this;
    try {
      if (session === undefined)
        throw new Problem(`${file.name}: there is no board whose flash it could be`);
      const { sizeBytes } = session.client.facts.geometry;
      this.#ownFlash = { bytes: await dumpOf(file, sizeBytes), fileName: file.name };
    } catch (error) {
      this.failed(error);
      return;
    }
    this.#address = { ...this.#address, start: '', at: undefined };
    await this.plugIn();
  }

  /** Makes the board that is wanted, and powers it. The one before is put away. */
  async plugIn(): Promise<void> {
    const order = ++this.#order;
    const before = this.#session;
    this.#session = undefined;
    this.#isBusy = true;
    this.problem = undefined;
    this.#view.changed();
    try {
      await before?.close();
      await this.#start(order);
    } catch (error) {
      if (order === this.#order) this.failed(error, this.#own?.fileName);
    } finally {
      if (order === this.#order) this.#isBusy = false;
      this.#view.changed();
    }
  }

  async #start(order: number): Promise<void> {
    const { bootloader, start } = this;
    const client = await this.#make({
      board: this.#own?.file ?? this.board,
      bootloader: bootloader === '' ? undefined : bootloader,
      flash: this.#ownFlash?.bytes,
      start,
    });
    if (order !== this.#order) {
      await client.close();
      return;
    }
    const session = new BoardSession(client, this.#view);
    client.onEnd((why) => this.#ended(session, why));
    this.#session = session;
    this.#isBusy = false;
    // Whatever shows what it says has to be there before it says anything.
    await this.#view.drawn();
  }

  #ended(session: BoardSession, why: string): void {
    if (session !== this.#session) return;
    this.#session = undefined;
    this.problem = `The board has stopped: ${why}. Begin anew to make another one.`;
    this.#view.changed();
  }

  async act(action: BoardAction): Promise<void> {
    this.problem = undefined;
    try {
      await this.#session?.act(action);
    } catch (error) {
      this.failed(error);
    }
  }

  /** All that is in its flash; undefined if there is no board, or it has just gone. */
  async flash(): Promise<Uint8Array | undefined> {
    this.problem = undefined;
    try {
      return await this.#session?.client.flash();
    } catch (error) {
      this.failed(error);
      return undefined;
    }
  }

  /** Puts a file of the person's own into flash, as the maker's programmer does. */
  async program(file: File, slot: number | undefined): Promise<void> {
    this.problem = undefined;
    let bytes: Uint8Array;
    try {
      bytes = await firmwareOf(file);
    } catch (error) {
      this.failed(error);
      return;
    }
    try {
      await this.#session?.act({ do: 'program', file: bytes, name: file.name, slot });
    } catch (error) {
      this.failed(error, file.name);
    }
  }

  async close(): Promise<void> {
    this.#order++;
    await this.#session?.close();
    this.#session = undefined;
  }

  /** Says what did not work, and with which file. What is no problem of the person's is thrown again. */
  failed(error: unknown, fileName?: string): void {
    const words = problemWords(error);
    if (words === undefined) throw error;
    this.problem = fileName === undefined ? words : `${fileName}: ${words}`;
    this.#view.changed();
  }
}

/** The one that is wanted if there is such a one, else the first. */
function chosen(choices: readonly Choice[], wanted: string): string {
  const found = choices.find(({ value }) => value === wanted);
  return (found ?? choices[0])?.value ?? '';
}
