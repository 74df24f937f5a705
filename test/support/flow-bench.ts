import {
  StandInRunner,
  boardLayout,
  boardModel,
  createBoard,
  programFlash,
} from '../../src/board/index.ts';
import type { Board } from '../../src/board/index.ts';
import { MemoryFlash } from '../../src/flash/index.ts';
import { flashFlow } from '../../src/flow/index.ts';
import type { FlashFlow, FlowOptions, FlowState } from '../../src/flow/index.ts';
import { riotbootImage } from '../../src/image/index.ts';
import { LoopbackBus } from '../../src/link/loopback/index.ts';
import type { LoopbackPlug } from '../../src/link/loopback/index.ts';
import { VirtualClock } from '../../src/usb/index.ts';
import { machineCode } from './machine-code.ts';
import { turn } from './same-thread.ts';

const xenon = boardModel('particle-xenon');
const xenonLayout = boardLayout(xenon, 'riotboot_dfu');

/** What RIOT's build makes for a slot of a particle-xenon. */
export function riotImage(slot: 0 | 1, version: number): Uint8Array {
  const startAddress = xenonLayout.slots[slot]?.imageAddress ?? 0;
  const code = machineCode(startAddress, { stackPointer: 0x20002000, text: `version ${version}` });
  return riotbootImage(code, { version, startAddress, headerLength: xenonLayout.headerBytes });
}

/** A flow with a board at its bus, on virtual time. */
export class FlowBench {
  readonly clock: VirtualClock = new VirtualClock();
  readonly bus: LoopbackBus = new LoopbackBus(this.clock);
  readonly states: FlowState[] = [];

  /** A particle-xenon with these images, played by a stand-in with run-time DFU. */
  xenon(...installed: readonly Uint8Array[]): {
    readonly board: Board;
    readonly plug: LoopbackPlug;
  } {
    const flash = new MemoryFlash(xenon.flash);
    for (const image of installed) programFlash(flash, xenonLayout, image);
    const runner = new StandInRunner([{ plays: 'dfu-runtime' }]);
    const board = createBoard({ model: xenon, flash, clock: this.clock, runner });
    board.powerOn();
    return { board, plug: this.bus.plug(board.port) };
  }

  flow(options: Partial<FlowOptions> = {}): FlashFlow {
    const { bus, clock } = this;
    const flow = flashFlow({ bus, clock, ...options });
    flow.subscribe((state) => this.states.push(state));
    return flow;
  }

  /** Does something on the bench's own time. */
  done<T>(work: Promise<T>): Promise<T> {
    return this.clock.run(work, turn);
  }

  /** The steps and phases that there were, each once where it stayed. */
  get steps(): string[] {
    const all = this.states.map((state) =>
      state.step === 'working' ? state.progress.phase : state.step,
    );
    return all.filter((step, at) => step !== all[at - 1]);
  }
}
