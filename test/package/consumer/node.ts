import { boardModel, createBoard, firmwareImage } from 'dfukit/board';
import { MachineWorkerRunner, WorkerRunner, loadExample } from 'dfukit/board/node';
import { MemoryFlash } from 'dfukit/flash';
import { connect, download } from 'dfukit/host';
import { LoopbackBus } from 'dfukit/link/loopback';
import { timerClock } from 'dfukit/usb';
import { anywhere } from './anywhere.ts';

/** A board in DFU mode is flashed with an example, boots it and runs it in a worker; what it prints. */
async function runsInWorker(): Promise<readonly string[]> {
  const model = boardModel('particle-xenon');
  const clock = timerClock(globalThis);
  const flash = new MemoryFlash(model.flash);
  const board = createBoard({ model, flash, clock, runner: new WorkerRunner() });
  const printed: string[] = [];
  const over = new Promise<void>((resolve) => {
    board.listen((event) => {
      if (event.type === 'fault') printed.push(`fault: ${event.message}`);
      if (event.type === 'console') printed.push(event.text);
      if (event.type === 'fault' || printed.at(-1)?.startsWith('Slot')) resolve();
    });
  });
  const bus = new LoopbackBus(clock);
  bus.plug(board.port);
  board.powerOn();
  const session = await connect(bus, { clock, selection: { alternate: 0 } });
  const example = loadExample('hello-world', { modules: ['usbus_dfu'] });
  const image = firmwareImage(example, { model, bootloader: 'riotboot_dfu', slot: 0, version: 7 });
  await download(session, image);
  await session.close();
  await over;
  await board.close();
  return printed;
}

/** Machine code in its thread: the chip's ROM finds that there is nothing to be started, and says so. */
async function executes(): Promise<boolean> {
  const model = boardModel('rpi_pico');
  const flash = new MemoryFlash(model.flash, new Uint8Array(256));
  const clock = timerClock(globalThis);
  const board = createBoard({ model, flash, clock, runner: new MachineWorkerRunner() });
  const fault = new Promise<string>((resolve) => {
    board.listen((event) => {
      if (event.type === 'fault') resolve(event.message);
    });
  });
  board.powerOn();
  const words = await fault;
  await board.close();
  return words.includes('second stage');
}

async function main(): Promise<void> {
  const outcome = {
    ...(await anywhere()),
    printed: await runsInWorker(),
    executes: await executes(),
  };
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
}

void main();
