// What executing machine code costs: a control transfer, a download, a board whose host is quiet, and its memory. The program
// is the DFU device in C of the tests; with its WFI instructions taken out it is one that goes round and round.
import { readFileSync } from 'node:fs';
import { MachineRunner, boardModel, createBoard } from 'dfukit/board';
import { MachineWorkerRunner } from 'dfukit/board/node';
import { MemoryFlash } from 'dfukit/flash';
import { connect, download } from 'dfukit/host';
import { LoopbackBus } from 'dfukit/link/loopback';
import { VirtualClock } from 'dfukit/usb';
import { figure } from './figure.mjs';
import { clock } from './ways.mjs';

const model = boardModel('rpi_pico');
const path = new URL('../test/fixtures/machine/rp2040/built/dfu.bin', import.meta.url);
const sleeps = new Uint8Array(readFileSync(path));

/** The same without WFI (0xbf30): NOP (0xbf00) in its place. */
const loops = sleeps.slice();
for (let at = 256; at + 1 < loops.length; at += 2) {
  if (loops[at] === 0x30 && loops[at + 1] === 0xbf) loops[at] = 0x00;
}

const GETSTATUS = { bmRequestType: 0xa1, bRequest: 3, wValue: 0, wIndex: 0 };

const cpuMs = (since) => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};
const later = (ms) => new Promise((done) => setTimeout(done, ms));

function started(program, runner, time) {
  const flash = new MemoryFlash(model.flash, program);
  const board = createBoard({ model, flash, clock: time, runner });
  const bus = new LoopbackBus(time);
  bus.plug(board.port);
  const there = new Promise((resolve) => {
    const stop = board.listen((event) => {
      if (event.type !== 'usb' || event.state !== 'configured') return;
      stop();
      resolve();
    });
  });
  board.powerOn();
  return { board, bus, there };
}

async function transfers() {
  const time = new VirtualClock();
  const turn = () => new Promise((done) => setImmediate(done));
  const { board, bus, there } = started(sleeps, new MachineRunner(), time);
  await time.run(there, turn);
  const session = await time.run(connect(bus, { clock: time }), turn);
  const many = 2000;
  const costs = [];
  for (let at = 0; at < 4; at += 1) {
    const before = process.cpuUsage();
    await time.run(
      (async () => {
        for (let n = 0; n < many; n += 1) await session.pipe.controlIn(GETSTATUS, 6);
      })(),
      turn,
    );
    if (at > 0) costs.push(cpuMs(before) / many);
  }
  figure('processor time of a control transfer, machine code', Math.min(...costs), 'ms');
  await board.close();
}

async function inThread() {
  const before = process.memoryUsage().rss;
  const { board, bus, there } = started(sleeps, new MachineWorkerRunner(), clock);
  await there;
  const session = await connect(bus, { clock });
  const payload = Uint8Array.from({ length: 0x10000 }, (_, at) => (at * 2_654_435_761) >>> 24);
  const began = performance.now();
  const used = process.cpuUsage();
  await download(session, payload, { onEvent() {} });
  figure('download of 64 KiB, machine code', performance.now() - began, 'ms');
  figure('processor time of a download of 64 KiB, machine code', cpuMs(used), 'ms');
  const { rss } = process.memoryUsage();
  figure('memory of a process with a board of machine code', rss / 2 ** 20, 'MiB');
  figure('memory of a board of machine code', (rss - before) / 2 ** 20, 'MiB');
  await session.close();
  await board.close();
}

async function idle(what, program) {
  const { board, there } = started(program, new MachineWorkerRunner(), clock);
  await there;
  await later(4000);
  const used = process.cpuUsage();
  await later(4000);
  figure(`a core of a quiet board of machine code, ${what}`, cpuMs(used) / 40, '%');
  await board.close();
}

await inThread();
await idle('sleeping', sleeps);
await idle('going round', loops);
await transfers();
