import { expect, test } from 'vitest';
import { boardModel, firmwareImage } from '../../src/board/index.ts';
import { loadExample } from '../../src/board/node/index.ts';
import { flashFile } from '../../src/host/index.ts';
import { usbipBus } from '../../src/link/usbip/index.ts';
import { boardBench } from '../../src/testing/index.ts';
import { timerClock } from '../../src/usb/index.ts';

const clock = timerClock(globalThis);

const image = (slot: number, version: number): Uint8Array =>
  firmwareImage(loadExample('hello-world', { modules: ['usbus_dfu'] }), {
    model: boardModel('particle-xenon'),
    bootloader: 'riotboot_dfu',
    slot,
    version,
  });

test('another host flashes the board of a bench over USB/IP, and time stands again afterwards', async () => {
  const bench = await boardBench('particle-xenon', { slots: [image(0, 1)], willDetach: false });
  try {
    await bench.boots({ version: 1 });
    await bench.console.until('Hello World!');
    await bench.pass(3_600_000);
    const lent = await bench.attach();
    expect(lent).toMatchObject({ host: '127.0.0.1', busId: '1-1', kernelPort: undefined });
    expect(lent.bus).toBe(`usbip://127.0.0.1:${lent.port}`);
    await expect(bench.download(image(1, 2))).rejects.toThrow('the board is lent to other hosts');
    const bus = usbipBus({ host: lent.host, port: lent.port, clock });
    const { ending } = await flashFile(bus, image(1, 2), { clock, selection: { alternate: 1 } });
    expect(['manifested', 'left']).toContain(ending);
    await bench.boots({ mode: 'dfu', why: 'magic number' });
    await bench.boots({ version: 2, why: 'newest slot' });
    await bench.console.until('Slot 1, version 2.');
    await bus.close();
    await lent.close();
    const standing = bench.timeMs;
    expect(standing).toBeGreaterThan(3_600_000);
    await bench.download(image(0, 3), { slot: 0 });
    await bench.boots({ version: 3 });
    expect(bench.timeMs - standing).toBeLessThan(2000);
  } finally {
    await bench.close();
  }
});

test('a bench on the time of this machine waits for it, and is closed with the board lent', async () => {
  const bench = await boardBench('particle-xenon', { slots: [image(0, 1)], clock: 'real' });
  await bench.boots({ version: 1 });
  await bench.console.until('Hello World!');
  const start = clock.now();
  await bench.pass(20);
  expect(clock.now() - start).toBeGreaterThanOrEqual(19);
  await expect(bench.event({ type: 'fault' }, { within: 20 })).rejects.toThrow('did not come');
  await bench.attach();
  await bench.close();
});
