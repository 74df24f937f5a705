import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import { BoardProcess } from './board.ts';
import { assertSlotHolds, flashHolding, imagePath } from './flash.ts';
import { HELLO_0, HELLO_1 } from './images.ts';
import { RawHost } from './raw-host.ts';
import type { Scenario } from './scenario.ts';

/*
 * DFU hosts that are not dfu-util, each as the requests that it sends and what it makes of the answers.
 */

const LOADER = '0483:df11';
const XENON = '1209:7d02';
const FLASH = 0x08000000;
const OPTION_BYTES = 0x1ffff800;
const PAGE_BYTES = 2048;

const [DNLOAD, UPLOAD, CLRSTATUS, ABORT] = [1, 2, 4, 6] as const;
const [IDLE, DNBUSY, DNLOAD_IDLE, MANIFEST, UPLOAD_IDLE, ERROR] = [2, 4, 5, 7, 9, 10] as const;

/** A DfuSe command with an address. */
function command(code: number, address: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt8(code);
  bytes.writeUInt32LE(address, 1);
  return bytes;
}

/** Pages that no two of are alike, the vectors of an application in front. */
function application(): Buffer {
  const bytes = Buffer.alloc(2 * PAGE_BYTES);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = (at * 7 + (at >> 8)) & 0xff;
  bytes.writeUInt32LE(0x20001000, 0);
  bytes.writeUInt32LE(FLASH + 0x101, 4);
  return bytes;
}

/** The STM32 board in its loader, its flash empty. */
async function loader(bench: Bench): Promise<{ board: BoardProcess; host: RawHost }> {
  writeFileSync(bench.path('flash.bin'), Buffer.alloc(128 * 1024, 0xff));
  const args = ['--attach', '--flash', bench.path('flash.bin')];
  const board = await BoardProcess.run(bench, 'stm32f072b_disco', ...args);
  await board.configured(LOADER);
  const host = await RawHost.open(LOADER);
  bench.atEnd(() => host.close().catch(() => {}));
  return { board, host };
}

function assertFlashHolds(bench: Bench, content: Buffer): void {
  const held = readFileSync(bench.path('flash.bin')).subarray(0, content.length);
  assert.ok(held.equals(content), 'the flash holds what was sent');
}

/** Asks until the loader is idle, and clears the status whatever it is, as Betaflight did until 2026. */
async function clearUntilIdle(host: RawHost): Promise<void> {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const { state, pollMs } = await host.status();
    if (state === IDLE) return;
    await delay(pollMs);
    await host.out(CLRSTATUS, 0);
  }
  assert.fail('the loader gets to dfuIDLE');
}

/** A command or block as hosts send it that sleep as long as they are told. */
async function patiently(host: RawHost, block: number, bytes: Buffer): Promise<void> {
  await host.out(DNLOAD, block, bytes);
  const { pollMs } = await host.expectState(DNBUSY);
  await delay(pollMs);
  await host.expectState(DNLOAD_IDLE);
}

export const foreignHosts: readonly Scenario[] = [
  {
    name: 'a DfuSe host that never sleeps (as MicroPython’s pydfu): erase, write, leave',
    async run(bench) {
      const { board, host } = await loader(bench);
      const content = application();
      // Two questions a command: busy, then done.
      const at = async (block: number, bytes: Buffer): Promise<void> => {
        await host.out(DNLOAD, block, bytes);
        await host.expectState(DNBUSY);
        await host.expectState(DNLOAD_IDLE);
      };
      const { state } = await host.status();
      if (state === ERROR) await host.out(CLRSTATUS, 0);
      await host.expectState(IDLE);
      await at(0, Buffer.of(0x41));
      for (let offset = 0; offset < content.length; offset += PAGE_BYTES) {
        await at(0, command(0x41, FLASH + offset));
        await at(0, command(0x21, FLASH + offset));
        await at(2, content.subarray(offset, offset + PAGE_BYTES));
      }
      await at(0, command(0x21, FLASH));
      await host.out(DNLOAD, 0);
      await host.expectState(MANIFEST);
      await board.next({ event: 'boot', why: 'left the loader' });
      await board.quit();
      assertFlashHolds(bench, content);
    },
  },
  {
    name: 'a DfuSe host that clears the status whatever it is, and reads the option bytes by their address (as Betaflight, INAV, solo1)',
    async run(bench) {
      const { board, host } = await loader(bench);
      const content = application();
      await clearUntilIdle(host);
      // No SET_INTERFACE: alternate 0 is selected, the address decides.
      await patiently(host, 0, command(0x21, OPTION_BYTES));
      await host.out(ABORT, 0);
      assert.equal((await host.in(UPLOAD, 2, 16)).length, 16);
      await host.expectState(UPLOAD_IDLE);
      await clearUntilIdle(host);
      for (let offset = 0; offset < content.length; offset += PAGE_BYTES) {
        await patiently(host, 0, command(0x41, FLASH + offset));
      }
      await patiently(host, 0, command(0x21, FLASH));
      for (let offset = 0; offset < content.length; offset += PAGE_BYTES) {
        const page = content.subarray(offset, offset + PAGE_BYTES);
        await patiently(host, 2 + offset / PAGE_BYTES, page);
      }
      await clearUntilIdle(host);
      await patiently(host, 0, command(0x21, FLASH));
      await clearUntilIdle(host);
      const read: Buffer[] = [];
      for (const block of [2, 3]) read.push(await host.in(UPLOAD, block, PAGE_BYTES));
      assert.ok(Buffer.concat(read).equals(content), 'what is read is what was sent');
      await clearUntilIdle(host);
      await patiently(host, 0, command(0x21, FLASH));
      await host.out(DNLOAD, 0);
      await host.expectState(MANIFEST);
      await board.next({ event: 'boot', why: 'left the loader' });
      await board.quit();
      assertFlashHolds(bench, content);
    },
  },
  {
    name: 'a host that takes the descriptor behind an alternate for its own (as fwupd) sees both slots, and writes one',
    async run(bench) {
      const flash = flashHolding(bench, HELLO_0);
      const board = await BoardProcess.attached(bench, '--button', '--flash', flash);
      const host = await RawHost.open(XENON);
      const configuration = await host.descriptor(2, 255);
      const settings: number[] = [];
      for (let at = 0; at < configuration.length; at += configuration[at] ?? 255) {
        const next = at + (configuration[at] ?? 0);
        if (configuration[at + 1] === 4 && configuration[next + 1] === 0x21)
          settings.push(configuration[at + 3] ?? -1);
      }
      assert.deepEqual(settings, [0, 1]);
      await host.select(1);
      await host.expectState(IDLE);
      const image = readFileSync(imagePath(HELLO_1));
      for (let block = 0; block * 64 < image.length; block += 1) {
        await host.out(DNLOAD, block, image.subarray(block * 64, (block + 1) * 64));
        // It asks again at once where nothing else is said.
        for (;;) {
          const { state, bStatus } = await host.status();
          assert.equal(bStatus, 0);
          if (state === DNLOAD_IDLE) break;
          assert.equal(state, DNBUSY);
        }
      }
      await host.out(DNLOAD, Math.ceil(image.length / 64));
      await host.expectState(MANIFEST);
      await host.close();
      await board.next({ event: 'boot', mode: 'application', slot: 1, version: 2 });
      await board.quit();
      assertSlotHolds(flash, HELLO_0);
      assertSlotHolds(flash, HELLO_1);
    },
  },
  {
    name: 'a program that reads the device descriptor with 64 bytes and more ends no download',
    async run(bench) {
      const board = await BoardProcess.attached(bench, '--flash', flashHolding(bench));
      const host = await RawHost.open(XENON);
      await host.select(0);
      const image = readFileSync(imagePath(HELLO_0));
      await host.out(DNLOAD, 0, image.subarray(0, 64));
      // As the kernel's own usbtest mixes them.
      for (const length of [18, 64, 255, 64, 64, 255, 8, 18, 64]) {
        assert.equal((await host.descriptor(1, length)).length, Math.min(18, length));
      }
      for (;;) {
        const { state } = await host.status();
        if (state === DNLOAD_IDLE) break;
        assert.equal(state, DNBUSY);
      }
      await host.out(ABORT, 0);
      await host.expectState(IDLE);
      await host.close();
      await board.quit();
    },
  },
];
