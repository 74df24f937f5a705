import {
  boardModel,
  createBoard,
  mcubootFirmware,
  mcubootLayout,
  programFlash,
} from 'dfukit/board';
import type { Program, RunningProgram } from 'dfukit/board';
import { Device, DfuMode, RamDisk } from 'dfukit/device';
import { MemoryFlash } from 'dfukit/flash';
import { connect, download } from 'dfukit/host';
import { generateKey } from 'dfukit/image';
import { LoopbackBus } from 'dfukit/link/loopback';
import { timerClock } from 'dfukit/usb';

/** What came of it: plain data, so that a page can hand it to whoever opened it. */
export interface Anywhere {
  readonly ending: string;
  readonly received: string;
  readonly boot: string;
  readonly ran: string;
}

/** A download over a cable in memory. */
async function downloads(): Promise<Pick<Anywhere, 'ending' | 'received'>> {
  const clock = timerClock(globalThis);
  const disk = new RamDisk({ name: 'ram', sizeBytes: 4096 });
  const bmAttributes = { manifestationTolerant: true };
  const mode = new DfuMode({ functional: { bmAttributes, wTransferSize: 16 }, media: [disk] });
  const identity = { idVendor: 0x1209, idProduct: 0x7d02 };
  const bus = new LoopbackBus(clock);
  bus.plug(new Device({ identity, configurations: [{ functions: [mode] }] }));
  const session = await connect(bus, { clock });
  const sent = new TextEncoder().encode('sent over a cable that is none');
  const { ending } = await download(session, sent);
  await session.close();
  return { ending, received: new TextDecoder().decode(disk.content.subarray(0, sent.length)) };
}

/** A board whose MCUboot checks a signature and starts what a runner of the consumer's own takes. */
async function boots(): Promise<Pick<Anywhere, 'boot' | 'ran'>> {
  const model = boardModel('reel_board');
  const key = await generateKey('ecdsa-p256');
  const flash = new MemoryFlash(model.flash);
  const payload = new TextEncoder().encode('a program of another kind');
  const image = await mcubootFirmware(payload, { model, key, version: '1.2.3' });
  programFlash(flash, mcubootLayout(model), image);
  let ran = '';
  const runner = {
    start(_board: unknown, program: Program | undefined): RunningProgram {
      ran = new TextDecoder().decode(program?.payload);
      return { stop: () => Promise.resolve() };
    },
    takes: [1],
  };
  const clock = timerClock(globalThis);
  const mcuboot = { keys: [key] };
  const board = createBoard({ model, flash, clock, runner, bootloader: 'mcuboot', mcuboot });
  const boot = await new Promise<string>((resolve) => {
    board.listen((event) => {
      if (event.type === 'boot') setTimeout(() => resolve(`${event.mode}: ${event.why}`), 0);
    });
    board.powerOn();
  });
  await board.close();
  return { boot, ran };
}

/** What runs in Node and in browsers alike. */
export async function anywhere(): Promise<Anywhere> {
  return { ...(await downloads()), ...(await boots()) };
}
