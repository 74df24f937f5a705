// A virtual board and a host in one process, with a cable in memory between them: no USB, no sockets. The board is a
// particle-xenon with RIOT's riotboot_dfu and empty flash, so it waits in DFU mode; the host sends it a firmware, and
// the board starts it. All of it in real time, a few milliseconds.
//
//   node examples/flash-a-board.mjs
import { boardModel, createBoard, firmwareImage } from 'dfukit/board';
import { WorkerRunner, loadExample } from 'dfukit/board/node';
import { MemoryFlash } from 'dfukit/flash';
import { flashFile } from 'dfukit/host';
import { LoopbackBus } from 'dfukit/link/loopback';
import { timerClock } from 'dfukit/usb';

const clock = timerClock(globalThis);
const model = boardModel('particle-xenon');

// The board: its flash, the bootloader that comes with it, and threads of this process as its processor.
const flash = new MemoryFlash(model.flash);
const board = createBoard({ model, flash, clock, runner: new WorkerRunner() });
const greeted = new Promise((resolve) => {
  board.listen((event) => {
    if (event.type === 'boot') console.log(`board: boots, ${event.mode} mode`);
    if (event.type !== 'console') return;
    console.log(`board: ${event.text}`);
    if (event.text.startsWith('Slot 0')) resolve();
  });
});
board.powerOn();

// The cable and the host.
const bus = new LoopbackBus(clock);
bus.plug(board.port);

// What is sent: RIOT's hello-world as riotboot takes it, for slot 0, which is alternate setting 0.
const payload = loadExample('hello-world', { modules: ['usbus_dfu'] });
const image = firmwareImage(payload, { model, bootloader: 'riotboot_dfu', slot: 0, version: 1 });
const { ending, acknowledged } = await flashFile(bus, image, {
  clock,
  selection: { alternate: 0 },
});
console.log(`host: ${acknowledged.bytes} bytes, ${ending}`);

await greeted;
await board.close();
await bus.close();
