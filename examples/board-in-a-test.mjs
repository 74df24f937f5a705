// A board in a test of your own, with Node's test runner: the host side of your product against a device that can be
// unplugged, that can lose its power in the middle of a download, and that costs no hardware. Time is a virtual clock,
// so that a test of ten seconds takes none.
//
//   node --test examples/board-in-a-test.mjs
import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { boardModel, createBoard, firmwareImage } from 'dfukit/board';
import { MemoryFlash } from 'dfukit/flash';
import { flashFile } from 'dfukit/host';
import { LoopbackBus } from 'dfukit/link/loopback';
import { VirtualClock } from 'dfukit/usb';

const model = boardModel('particle-xenon');
const program = new TextEncoder().encode('export const main = () => {};');
const image = firmwareImage(program, { model, bootloader: 'riotboot_dfu', slot: 0, version: 1 });

/** A board on a bus, and what has happened to it. Its processor does nothing: what runs is of no interest here. */
function bench() {
  const clock = new VirtualClock();
  const flash = new MemoryFlash(model.flash);
  const runner = { start: () => ({ stop: () => Promise.resolve() }) };
  const board = createBoard({ model, flash, clock, runner });
  const started = new Promise((resolve) => {
    board.listen((event) => event.type === 'boot' && event.slot === 0 && resolve(event.version));
  });
  const bus = new LoopbackBus(clock);
  const plug = bus.plug(board.port);
  board.powerOn();
  const send = (more) => flashFile(bus, image, { clock, selection: { alternate: 0 }, ...more });
  /** Lets time jump until the work is done. */
  const run = (work) => clock.run(work, turn);
  return { board, plug, run, send, started };
}

test('the board starts what it was sent', async () => {
  const { run, send, started } = bench();
  assert.equal((await run(send())).ending, 'manifested');
  assert.equal(await run(started), 1);
});

test('a cable that is pulled in the middle is told as such, and the next try is good', async () => {
  const { plug, run, send, started } = bench();
  const onEvent = ({ type }) => type === 'progress' && plug.unplug();
  await assert.rejects(run(send({ onEvent })), { code: 'DISCONNECTED' });
  plug.replug();
  await run(send());
  assert.equal(await run(started), 1);
});

test('power that fails in the middle leaves a board that can be flashed', async () => {
  const { board, run, send, started } = bench();
  board.cutAfter(5);
  await assert.rejects(run(send()), { code: 'DISCONNECTED' });
  board.powerOn();
  await run(send());
  assert.equal(await run(started), 1);
});
