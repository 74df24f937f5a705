// A virtual board behind a USB/IP server, flashed over TCP. Here the client is in the same process; any other would do
// as well: `dfukit download --bus usbip://127.0.0.1:PORT`, or Linux with `usbip attach` and dfu-util.
//
//   node examples/board-over-usbip.mjs
import { boardModel, createBoard, firmwareImage } from 'dfukit/board';
import { WorkerRunner, loadExample } from 'dfukit/board/node';
import { MemoryFlash } from 'dfukit/flash';
import { flashFile, listLine, scan } from 'dfukit/host';
import { UsbipServer, usbipBus } from 'dfukit/link/usbip';
import { timerClock } from 'dfukit/usb';

const clock = timerClock(globalThis);
const model = boardModel('particle-xenon');
const flash = new MemoryFlash(model.flash);
const board = createBoard({ model, flash, clock, runner: new WorkerRunner() });
const started = new Promise((resolve) => {
  board.listen((event) => event.type === 'boot' && event.mode === 'application' && resolve(event));
});

// The server's end. Port 0 lets the system choose one; without it the server listens at 3240.
const server = new UsbipServer({ clock, port: 0 });
server.add(board.port, { busId: '1-1' });
board.powerOn();
const { host, port } = await server.listen();
console.log(`server: listens at ${host}:${port}`);

// The client's end.
const bus = usbipBus({ host, port, clock });
for (const entry of (await scan(bus, { clock })).entries) console.log(`client: ${listLine(entry)}`);
const payload = loadExample('hello-world', { modules: ['usbus_dfu'] });
const image = firmwareImage(payload, { model, bootloader: 'riotboot_dfu', slot: 1, version: 7 });
const { ending } = await flashFile(bus, image, { clock, selection: { alternate: 1 } });
console.log(`client: ${image.length} bytes, ${ending}`);
const { slot, version } = await started;
console.log(`board: runs slot ${slot}, version ${version}`);

await bus.close();
await server.close();
await board.close();
