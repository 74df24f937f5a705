import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import {
  boardModel,
  bootloaderOf,
  createBoard,
  plainFirmware,
  programFlash,
} from '../../src/board/index.ts';
import { WorkerRunner, buildFirmware } from '../../src/board/node/index.ts';
import type { BoardEvent } from '../../src/board/index.ts';
import { MemoryFlash } from '../../src/flash/index.ts';
import { scan } from '../../src/host/index.ts';
import { LoopbackBus } from '../../src/link/loopback/index.ts';
import { VirtualClock } from '../../src/usb/index.ts';
import { happening, prints } from '../support/boards.ts';

/* The example as it comes out of the bundler, in a real worker; time goes on only when told to. */

test('dfu-runtime leaves the magic number in RAM and resets; start-up goes to the loader', async () => {
  const model = boardModel('stm32f072b_disco');
  const clock = new VirtualClock();
  const flash = new MemoryFlash(model.flash);
  const payload = await buildFirmware(resolve(import.meta.dirname, '../../firmware/dfu-runtime'));
  programFlash(flash, bootloaderOf(model).layout(model), plainFirmware(payload, model));
  const board = createBoard({ model, flash, clock, runner: new WorkerRunner(), watchdogMs: 1e9 });
  const events: BoardEvent[] = [];
  board.listen((event) => events.push(event));
  try {
    const bus = new LoopbackBus(clock);
    bus.plug(board.port);
    const attached = happening(
      board,
      (event) => event.type === 'usb' && event.state === 'attached' && event.id === '1209:0001',
    );
    board.powerOn();
    await attached;
    const { entries, devices } = await scan(bus, { clock });
    const [runtime] = entries;
    expect(runtime).toMatchObject({
      mode: 'runtime',
      functional: { bcdDFUVersion: 0x011a, wTransferSize: 2048, wDetachTimeOut: 255 },
    });
    const said = prints(board, 'detach: to the bootloader');
    const loader = happening(
      board,
      (event) => event.type === 'usb' && event.state === 'attached' && event.id === '0483:df11',
    );
    const pipe = await devices.get(runtime?.deviceId ?? '')?.open();
    await pipe?.claimInterface(0);
    const request = { bmRequestType: 0x21, bRequest: 0, wValue: 1000, wIndex: 0 };
    await pipe?.controlOut(request, new Uint8Array(0));
    // bitWillDetach: the time that the host allows is the application's to clean up.
    clock.advance(1000);
    await said;
    await loader;
    expect(events.filter((event) => event.type === 'boot')).toMatchObject([
      { mode: 'application', why: 'application' },
      { mode: 'dfu', why: 'magic number', cause: 'software' },
    ]);
    board.pressReset();
    expect(events.findLast((event) => event.type === 'boot')).toMatchObject({
      mode: 'application',
    });
  } finally {
    await board.close();
  }
});
