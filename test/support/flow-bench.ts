import {
  boardLayout,
  boardModel,
  bootloaderOf,
  createBoard,
  programFlash,
  StandInRunner,
} from '../../src/board/index.ts';
import type { Board, BoardModel, StandIn } from '../../src/board/index.ts';
import { MemoryFlash } from '../../src/flash/index.ts';
import { flashFlow } from '../../src/flow/index.ts';
import type { FlashFlow, FlowOptions, FlowState } from '../../src/flow/index.ts';
import { parseVersion, riotbootImage, signImage } from '../../src/image/index.ts';
import type { SignOptions } from '../../src/image/index.ts';
import { LoopbackBus } from '../../src/link/loopback/index.ts';
import type { LoopbackPlug } from '../../src/link/loopback/index.ts';
import type { FirmwareManifest, ManifestFile, ManifestRelease } from '../../src/manifest/index.ts';
import { sha256, toHex } from '../../src/bytes/index.ts';
import { VirtualClock } from '../../src/usb/index.ts';
import { machineCode } from './machine-code.ts';
import { turn } from './same-thread.ts';
import { trusted } from './zephyr/sample-board.ts';

export { trusted };

const xenon = boardModel('particle-xenon');
const xenonLayout = boardLayout(xenon, 'riotboot_dfu');

/** What RIOT's build makes for a slot of a particle-xenon. */
export function riotImage(slot: 0 | 1, version: number): Uint8Array {
  const startAddress = xenonLayout.slots[slot]?.imageAddress ?? 0;
  const code = machineCode(startAddress, { stackPointer: 0x20002000, text: `version ${version}` });
  return riotbootImage(code, { version, startAddress, headerLength: xenonLayout.headerBytes });
}

/** What Zephyr's build makes for slot 0 of a board with MCUboot, of so many bytes at least. */
export async function zephyrImage(
  name: string,
  version: string,
  { bytes = 0, ...sign }: Partial<SignOptions> & { readonly bytes?: number } = {},
): Promise<Uint8Array> {
  const model = boardModel(name);
  const layout = bootloaderOf(model, 'mcuboot').layout(model);
  const [slot] = layout.slots;
  const { headerBytes: headerSize = 0x200 } = layout as { readonly headerBytes?: number };
  const base = (slot?.imageAddress ?? 0) + 0;
  const stackPointer = model.ram.baseAddress + 0x2000;
  const code = machineCode(base, { stackPointer, text: `version ${version}`.padEnd(bytes, '.') });
  const plain = new Uint8Array(headerSize + code.length);
  plain.set(code, headerSize);
  const signed = { version: parseVersion(version), headerSize, key: trusted, ...sign };
  return (await signImage(plain, signed)).bytes;
}

/** A program for the beginning of a board's flash, of so many bytes at least. */
export function plainImage(name: string, text: string, bytes = 0): Uint8Array {
  const { flashBaseAddress, ram } = boardModel(name);
  const stackPointer = ram.baseAddress + 0x1000;
  return machineCode(flashBaseAddress, { stackPointer, text: text.padEnd(bytes, '.') });
}

export interface FlowBoardOptions {
  readonly bootloader?: string;
  /** What the programmer puts into the slots before the board has power. */
  readonly slots?: readonly (Uint8Array | undefined)[];
  /** What plays its images. */
  readonly plays?: StandIn['plays'];
  readonly serial?: string;
}

export interface FlowBoard {
  readonly model: BoardModel;
  readonly board: Board;
  readonly plug: LoopbackPlug;
  readonly flash: MemoryFlash;
}

/** Cryptography that is under way: it takes real time, which no clock may jump over. */
const cryptography = { underWay: 0 };

for (const name of ['digest', 'importKey', 'sign', 'verify'] as const) {
  const { subtle } = globalThis.crypto;
  const own = subtle[name].bind(subtle) as (...given: readonly unknown[]) => Promise<unknown>;
  const counted = async (...given: readonly unknown[]): Promise<unknown> => {
    cryptography.underWay += 1;
    try {
      return await own(...given);
    } finally {
      cryptography.underWay -= 1;
    }
  };
  Object.defineProperty(subtle, name, { value: counted });
}

/** A turn of everything but the clock. */
async function turnOfAll(): Promise<void> {
  do await turn();
  while (cryptography.underWay > 0);
}

/** A flow with boards at its bus, on virtual time. */
export class FlowBench {
  readonly clock: VirtualClock = new VirtualClock();
  readonly bus: LoopbackBus = new LoopbackBus(this.clock);
  readonly states: FlowState[] = [];

  /** Makes a board of the catalogue, gives it power and plugs it in. */
  async board(name: string, options: FlowBoardOptions = {}): Promise<FlowBoard> {
    const { bootloader, slots = [], plays = 'silent', serial } = options;
    const model = boardModel(name);
    const record = bootloaderOf(model, bootloader);
    const layout = record.layout(model);
    const flash = new MemoryFlash(model.flash);
    for (const [slot, image] of slots.entries()) {
      const target = layout.slots.length === 0 ? undefined : { slot };
      if (image !== undefined) programFlash(flash, layout, image, target);
    }
    const { clock } = this;
    const runner = new StandInRunner([{ plays }]);
    const mcuboot = record.trustsKeys ? { keys: [trusted] } : undefined;
    const watchdogMs = 1e9;
    const rest = { bootloader, mcuboot, serial, watchdogMs };
    const board = createBoard({ model, flash, clock, runner, ...rest });
    const booted = new Promise<void>((resolve) => {
      board.listen(({ type }) => {
        if (type === 'boot') resolve();
      });
    });
    board.powerOn();
    await booted;
    const plug = this.bus.plug(board.port);
    return { model, board, plug, flash };
  }

  /** A particle-xenon whose application has the run-time function, or without any image in DFU mode. */
  xenon(...slots: readonly (Uint8Array | undefined)[]): Promise<FlowBoard> {
    return this.board('particle-xenon', { slots, plays: 'dfu-runtime' });
  }

  flow(options: Partial<FlowOptions> = {}): FlashFlow {
    const { bus, clock } = this;
    const flow = flashFlow({ bus, clock, ...options });
    flow.subscribe((state) => this.states.push(state));
    return flow;
  }

  /** A flow that has connected. */
  async connected(options: Partial<FlowOptions> = {}): Promise<FlashFlow> {
    const flow = this.flow(options);
    await this.done(flow.connect());
    return flow;
  }

  /** Does something on the bench's own time. */
  done<T>(work: Promise<T>): Promise<T> {
    return this.clock.run(work, turnOfAll);
  }

  /** The steps and phases that there were, each once where it stayed. */
  get steps(): string[] {
    const all = this.states.map((state) =>
      state.step === 'working' ? state.progress.phase : state.step,
    );
    return all.filter((step, at) => step !== all[at - 1]);
  }
}

/** A manifest of one release with one file for a board. */
export function manifestOf(
  board: { readonly name: string; readonly usb: readonly string[] },
  bytes: Uint8Array,
  more: Partial<ManifestFile> & { readonly release?: Partial<ManifestRelease> } = {},
): FirmwareManifest {
  const { release, ...file } = more;
  const listed = { url: 'fw/next.bin', sizeBytes: bytes.length, sha256: toHex(sha256(bytes)) };
  return {
    manifest: 1,
    product: 'Lamp',
    boards: [board],
    releases: [{ version: '2.0.0', ...release, files: [{ ...listed, ...file }] }],
  };
}
