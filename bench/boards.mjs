// A hundred boards in one process: how much memory each of them takes. Needs node --expose-gc.
import { boardModel, createBoard, firmwareImage } from 'dfukit/board';
import { WorkerRunner, loadExample } from 'dfukit/board/node';
import { MemoryFlash } from 'dfukit/flash';
import { figure } from './figure.mjs';
import { clock } from './ways.mjs';

const BOARDS = 100;
const model = boardModel('particle-xenon');

function memoryMib() {
  globalThis.gc();
  return process.memoryUsage.rss() / 1024 / 1024;
}

/** Resolves when the board has done what shows that it is up. */
function until(board, isUp) {
  return new Promise((resolve) => board.listen((event) => isUp(event) && resolve()));
}

async function measure(name, image, isUp) {
  const before = memoryMib();
  const began = performance.now();
  const boards = [];
  const up = [];
  for (let at = 0; at < BOARDS; at += 1) {
    const flash = new MemoryFlash(model.flash);
    if (image !== undefined) flash.program(0x4000, image);
    const serial = String(at).padStart(16, '0');
    const board = createBoard({ model, flash, clock, runner: new WorkerRunner(), serial });
    up.push(until(board, isUp));
    board.powerOn();
    boards.push(board);
  }
  await Promise.all(up);
  const milliseconds = performance.now() - began;
  const each = (memoryMib() - before) / BOARDS;
  figure(`${BOARDS} boards ${name}, memory each`, each, 'MiB');
  figure(`${BOARDS} boards ${name}, all up`, milliseconds, 'ms');
  for (const board of boards) await board.close();
}

await measure('in DFU mode', undefined, ({ type, mode }) => type === 'boot' && mode === 'dfu');
const example = loadExample('hello-world', { modules: ['usbus_dfu'] });
const image = firmwareImage(example, { model, bootloader: 'riotboot_dfu', slot: 0, version: 1 });
const padded = new Uint8Array(Math.ceil(image.length / 4) * 4).fill(0xff);
padded.set(image);
await measure('with hello-world', padded, ({ type, text }) => {
  return type === 'console' && text.startsWith('Slot 0');
});
