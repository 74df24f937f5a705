// A device flashed in ten lines: find it, send a file, say how that ended. The same lines do it in a browser, where the
// devices are those that the page may use. Without a file to send, a virtual board stands in for yours:
//
//   node examples/flash-in-ten-lines.mjs
//
// With one it is your device, on this machine's USB: node examples/flash-in-ten-lines.mjs firmware.bin
import { readFileSync } from 'node:fs';
import { findDevices, flash } from 'dfukit';

const path = process.argv[2];
const { bus, firmware } =
  path === undefined ? await virtualBoard() : { firmware: readFileSync(path) };

const [device] = await findDevices({ bus });
if (device === undefined) throw new Error('plug in a DFU device');
console.log(`${device.id} at ${device.path}, serial number ${device.serial}`);

const { outcome, acknowledged } = await flash(device, firmware, {
  alternate: device.interfaces[0].alternate,
  onEvent(event) {
    if (event.type === 'progress') console.log(`${event.doneBytes} of ${event.totalBytes} bytes`);
  },
});
console.log(`${outcome}: ${acknowledged.bytes} bytes`);
// The firmware of the virtual board runs for as long as somebody lets it.
if (path === undefined) process.exit();

/** A particle-xenon with RIOT's riotboot_dfu and empty flash, at a cable in memory, and a firmware for it. */
async function virtualBoard() {
  const { boardModel, createBoard, firmwareImage } = await import('dfukit/board');
  const { WorkerRunner, loadExample } = await import('dfukit/board/node');
  const { MemoryFlash } = await import('dfukit/flash');
  const { LoopbackBus } = await import('dfukit/link/loopback');
  const { timerClock } = await import('dfukit/usb');
  const model = boardModel('particle-xenon');
  const clock = timerClock(globalThis);
  const memory = new MemoryFlash(model.flash);
  const board = createBoard({ model, flash: memory, clock, runner: new WorkerRunner() });
  board.powerOn();
  const cable = new LoopbackBus(clock);
  cable.plug(board.port);
  const payload = loadExample('hello-world', { modules: ['usbus_dfu'] });
  const options = { model, bootloader: 'riotboot_dfu', slot: 0, version: 1 };
  return { bus: cable, firmware: firmwareImage(payload, options) };
}
