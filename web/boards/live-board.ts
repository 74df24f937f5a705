import { createBoard, flashExplainer } from 'dfukit/board';
import type { Board, BoardModel, FlashExplainer, McubootMode, Runner } from 'dfukit/board';
import { chipModel } from 'dfukit/chip';
import { MemoryFlash, MemoryStorage, SectorMap } from 'dfukit/flash';
import { writePublicPem } from 'dfukit/image';
import type { PrivateKey } from 'dfukit/image';
import { LoopbackBus } from 'dfukit/link/loopback';
import { serveBus } from 'dfukit/link/message-port';
import type { BusServer, MessagePortLike } from 'dfukit/link/message-port';
import { tracedBus } from 'dfukit/trace';
import type { ControlRecord } from 'dfukit/trace';
import { setupPacket } from 'dfukit/usb';
import type { Clock } from 'dfukit/usb';
import { carryOut } from './board-actions.ts';
import type { BoardAction, BoardFacts, BoardOrder, SeenTransfer } from './board-client.ts';
import type { BoardNews } from './board-messages.ts';
import { buildStart } from './build-start.ts';
import { startKindOf } from './catalogue.ts';
import { dfuStateAfter } from './dfu-state.ts';
import type { Explanation } from './explanation.ts';
import { outlineOf } from './flash-outline.ts';
import { News } from './news.ts';
import { orderedBoard } from './ordered-board.ts';
import type { OrderedBoard } from './ordered-board.ts';
import { Samples } from './samples.ts';

/** What a board lives in. */
interface Surroundings {
  readonly clock: Clock;
  readonly runner: Runner;
  /** Where its USB connector is lent to. */
  readonly port: MessagePortLike;
  readonly tell: (news: readonly BoardNews[]) => void;
}

/** What is shown of a data stage, in bytes. */
const SHOWN_BYTES = 64;

/** The keys that its bootloader trusts, if it asks for any: an empty list is content with hashes. */
function keysOf({ record, key }: OrderedBoard): readonly PrivateKey[] | undefined {
  if (!record.trustsKeys) return undefined;
  return key === undefined ? [] : [key];
}

/** A board that runs, whoever looks at it. */
export class LiveBoard {
  readonly facts: BoardFacts;
  readonly #board: Board;
  readonly #storage: MemoryStorage;
  readonly #ordered: OrderedBoard;
  readonly #flash: MemoryFlash;
  readonly #clock: Clock;
  readonly #samples: Samples;
  readonly #explainer: FlashExplainer;
  readonly #news: News;
  readonly #bus: LoopbackBus;
  readonly #server: BusServer;
  #dfuState: ReturnType<typeof dfuStateAfter>;

  /** Puts it together and gives it power. Throws `DfuError` for an order that cannot be filled. */
  static async start(order: BoardOrder, around: Surroundings): Promise<LiveBoard> {
    const ordered = await orderedBoard(order);
    const { model, record, mode, key } = ordered;
    const storage = new MemoryStorage(
      new SectorMap(model.flash).sizeBytes,
      model.flash.erasedValue,
    );
    if (order.flash === undefined) {
      await buildStart(ordered, new MemoryFlash(model.flash, storage), order.start);
    } else storage.write(0, dumpOf(order.flash, model));
    // Its operations are counted from now on.
    const flash = new MemoryFlash(model.flash, storage);
    const build = { keys: keysOf(ordered), mode };
    const explainer = await flashExplainer(model, { bootloader: record.name, build });
    const trusts = key === undefined ? undefined : writePublicPem(key);
    const live = new LiveBoard({ order, ordered, storage, flash, explainer, trusts }, around);
    live.#board.powerOn();
    return live;
  }

  private constructor(
    parts: {
      readonly order: BoardOrder;
      readonly ordered: OrderedBoard;
      readonly storage: MemoryStorage;
      readonly flash: MemoryFlash;
      readonly explainer: FlashExplainer;
      readonly trusts: string | undefined;
    },
    { clock, runner, port, tell }: Surroundings,
  ) {
    const { order, ordered, storage, flash, explainer, trusts } = parts;
    const { model, record, mode } = ordered;
    const keys = keysOf(ordered);
    this.#ordered = ordered;
    this.#storage = storage;
    this.#flash = flash;
    this.#clock = clock;
    this.#explainer = explainer;
    this.#samples = new Samples(ordered);
    this.#news = new News(tell);
    const board = createBoard({
      model,
      flash,
      clock,
      runner,
      bootloader: record.name,
      mcuboot: keys && { keys, mode: mode as McubootMode | undefined },
      serial: order.serial,
    });
    this.#board = board;
    this.facts = {
      ...factsOf(ordered),
      serial: board.serial,
      trusts,
      samples: this.#samples.list,
    };
    flash.watch = (operation) => this.#news.operation(operation);
    board.listen((event) => {
      if (event.type === 'power' && event.cut !== undefined)
        this.#news.takeBack(event.cut.operation);
      if (event.type === 'usb' && event.state === 'detached') this.#state(undefined);
      this.#news.add({ news: 'event', event });
    });
    this.#bus = new LoopbackBus(clock, { manner: 'linux' });
    this.#bus.plug(board.port);
    const traced = tracedBus(this.#bus, clock, (record_) => {
      if (record_.type === 'control') this.#seen(record_);
    });
    this.#server = serveBus(traced, port);
  }

  /** Throws `DfuError` for what the board cannot. */
  async act(action: BoardAction): Promise<void> {
    const acted = {
      board: this.#board,
      flash: this.#flash,
      ordered: this.#ordered,
      clock: this.#clock,
    };
    try {
      await carryOut(acted, action);
    } finally {
      // Whoever asked finds it told when it is done.
      this.#news.flush();
    }
  }

  /** What is in its flash, with power or without. */
  flash(): Uint8Array {
    // What led to it is told before.
    this.#news.flush();
    const bytes = new Uint8Array(this.#storage.sizeBytes);
    this.#storage.read(0, bytes, bytes.length);
    return bytes;
  }

  explain(): Promise<Explanation> {
    return this.#explainer.explain(this.flash());
  }

  sample(id: string): Promise<Uint8Array> {
    return this.#samples.bytes(id);
  }

  async close(): Promise<void> {
    await this.#server.close();
    await this.#board.close();
    await this.#bus.close();
    this.#news.flush();
  }

  #seen(record: ControlRecord): void {
    this.#news.add({ news: 'transfer', transfer: seenOf(record) });
    this.#state(dfuStateAfter(record, this.#dfuState));
  }

  #state(state: ReturnType<typeof dfuStateAfter>): void {
    if (state === this.#dfuState) return;
    this.#dfuState = state;
    this.#news.add({ news: 'dfu-state', state });
  }
}

/** Throws `OUT_OF_RANGE` for more than a flash holds. */
function dumpOf(dump: Uint8Array, { flash }: BoardModel): Uint8Array {
  return new MemoryFlash(flash, dump).read(0, dump.length);
}

function seenOf({ ms, setup, end, data = new Uint8Array(0) }: ControlRecord): SeenTransfer {
  return {
    atMs: ms,
    setup: setupPacket.encode(setup),
    end,
    data: data.slice(0, SHOWN_BYTES),
    dataBytes: data.length,
  };
}

function factsOf({
  model,
  record,
  mode,
}: OrderedBoard): Omit<BoardFacts, 'serial' | 'trusts' | 'samples'> {
  const { name, chip, flash, flashBaseAddress, buttons, sensors } = model;
  return {
    name,
    chip,
    bootloader: mode === undefined ? record.name : `${record.name}:${mode}`,
    geometry: outlineOf(flash, flashBaseAddress),
    writeUnitBytes: flash.writeUnitBytes,
    slots: record
      .layout(model, mode)
      .slots.map(({ index, address, sizeBytes }) => ({ index, address, sizeBytes })),
    buttons: buttons.map((button) => button.name),
    sensors: sensors.map((sensor) => ({
      name: sensor.name,
      class: sensor.class,
      scale: sensor.scale,
      unit: sensor.unit,
      initial: sensor.initial,
    })),
    executes: chipModel(chip) !== undefined,
    // MCUboot has none of its own; the applications that it starts here take them.
    programmerOnly: record.dfu === undefined && startKindOf(record.name) !== 'mcuboot',
    dfuByButton: buttons.length > 0 && record.understands.includes('button'),
  };
}
