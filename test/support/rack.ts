import { COMPATIBLE } from '../../src/device/index.ts';
import { LoopbackBus } from '../../src/link/loopback/index.ts';
import type { LoopbackPlug } from '../../src/link/loopback/index.ts';
import { DescriptorType, HELD, STALL, StandardRequest, VirtualClock } from '../../src/usb/index.ts';
import type { SetupAnswer, SetupPacket } from '../../src/usb/index.ts';
import { MiniatureBoard } from './miniature-board.ts';

/** What is the matter with a board. */
export type Fault =
  | 'well'
  /** It answers no DNLOAD from the third on. */
  | 'hangs'
  /** It refuses the third DNLOAD, each time. */
  | 'stalls'
  /** It refuses the third DNLOAD once. */
  | 'stalls-once'
  /** Somebody pulls its cable at the third DNLOAD. */
  | 'vanishes'
  /** Somebody pulls its cable the first time that somebody looks into it. */
  | 'leaves-early'
  /** Once it is configured it says nothing more of itself. */
  | 'mute';

interface RackBoardOptions {
  readonly fault?: Fault;
  readonly serial?: string | null;
  readonly starts?: 'loader';
  readonly loaderProduct?: number;
}

/** A board in its slot of the rack. */
interface RackBoard {
  readonly board: MiniatureBoard;
  readonly plug: LoopbackPlug;
  readonly fault: Fault;
  readonly serial: string | null | undefined;
  /** What its first memory has, as far as the last download went. */
  readonly content: Uint8Array;
}

const bits = {
  canDnload: true,
  canUpload: true,
  manifestationTolerant: false,
  willDetach: true,
};

const asksConfiguration = ({ bRequest, wValue }: SetupPacket): boolean =>
  bRequest === StandardRequest.GET_DESCRIPTOR && wValue >> 8 === DescriptorType.configuration;

/** Boards on one bus in memory, by a clock that jumps. */
export class Rack {
  readonly clock: VirtualClock = new VirtualClock();
  readonly bus: LoopbackBus = new LoopbackBus(this.clock);
  readonly boards: RackBoard[] = [];

  add({ fault = 'well', ...options }: RackBoardOptions = {}): RackBoard {
    const board = new MiniatureBoard(bits, 64, COMPATIBLE, options);
    const plug = this.bus.plug(board.device);
    const setup = board.device.setup.bind(board.device);
    let blocks = 0;
    let configured = false;
    let hasLeft = false;
    board.device.setup = (packet: SetupPacket): SetupAnswer => {
      const isBlock = (packet.bmRequestType & 0x60) === 0x20 && packet.bRequest === 1;
      const isStandard = (packet.bmRequestType & 0x60) === 0;
      if (fault === 'mute' && configured) return HELD;
      if (isStandard && packet.bRequest === StandardRequest.SET_CONFIGURATION) configured = true;
      if (fault === 'leaves-early' && configured && !hasLeft && asksConfiguration(packet)) {
        hasLeft = true;
        plug.unplug();
        return STALL;
      }
      if (!isBlock) return setup(packet);
      blocks += 1;
      if (blocks < 3) return setup(packet);
      if (fault === 'hangs') return HELD;
      if (fault === 'stalls' || (fault === 'stalls-once' && blocks === 3)) return STALL;
      if (fault === 'vanishes') {
        plug.unplug();
        return STALL;
      }
      return setup(packet);
    };
    const [disk] = board.disks;
    const placed: RackBoard = {
      board,
      plug,
      fault,
      serial: options.serial,
      get content() {
        return disk?.content ?? new Uint8Array(0);
      },
    };
    this.boards.push(placed);
    return placed;
  }
}
