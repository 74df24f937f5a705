import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { BoardProcess } from './board.ts';
import { dfuUtil, dfuUtilList, dfuUtilSucceeds } from './dfu-util.ts';
import { MAGIC, assertSlotHolds, flashHolding, imagePath, slotBytes, slotMagic } from './flash.ts';
import { HELLO_0, HELLO_1, SAUL_0, SLOT_BYTES } from './images.ts';
import type { Scenario } from './scenario.ts';

const SERIAL = 'D0D0CAFE00112233';

/** A board in DFU mode and what dfu-util does to it. */
export const dfuMode: readonly Scenario[] = [
  {
    name: 'a board without firmware is listed in DFU mode: two alternates, their names, its serial',
    async run(bench) {
      const board = await BoardProcess.attached(bench, '--serial', SERIAL);
      assert.ok(board.has({ event: 'boot', mode: 'dfu' }));
      const listed = await dfuUtilList(bench);
      assert.deepEqual(
        listed.map(({ mode, id, alt, name, serial }) => ({ mode, id, alt, name, serial })),
        [0, 1].map((alt) => ({
          mode: 'DFU',
          id: '1209:7d02',
          alt,
          name: `RIOT-OS Slot ${alt}`,
          serial: SERIAL,
        })),
      );
    },
  },
  {
    name: 'another --usb-id is what DFU mode answers with',
    async run(bench) {
      const board = await BoardProcess.run(bench, '--attach', '--usb-id', '1234:abcd');
      await board.configured('1234:abcd');
      const listed = await dfuUtilList(bench);
      assert.deepEqual(
        listed.map(({ mode, id, alt }) => ({ mode, id, alt })),
        [0, 1].map((alt) => ({ mode: 'DFU', id: '1234:abcd', alt })),
      );
      const output = await dfuUtilSucceeds(
        bench,
        '-d',
        '1234:abcd',
        '-a',
        '0',
        '-D',
        imagePath(HELLO_0),
      );
      assert.match(output, /^Download done\.$/m);
      await board.next({ event: 'boot', mode: 'application', slot: 0 });
    },
  },
  {
    name: 'a download to slot 0 by number boots, and the console says so',
    async run(bench) {
      const flash = flashHolding(bench);
      const board = await BoardProcess.attached(bench, '--flash', flash);
      const image = imagePath(HELLO_0);
      const output = await dfuUtilSucceeds(bench, '-d', '1209:7d02', '-a', '0', '-D', image);
      assert.match(output, /^Download done\.$/m);
      const bytes = readFileSync(image).length;
      await board.next({ event: 'download', slot: 0, bytes });
      await board.next({ event: 'boot', mode: 'application', slot: 0, version: 1 });
      await board.next({ event: 'console', text: /Hello World!/ });
      await board.next({ event: 'console', text: /Slot 0, version 1/ });
      await board.quit();
      assertSlotHolds(flash, HELLO_0);
      assert.ok(slotBytes(flash, 1).every((byte) => byte === 0xff));
    },
  },
  {
    name: 'a download to slot 1 by name boots, and is listed as a run-time device',
    async run(bench) {
      const flash = flashHolding(bench);
      const board = await BoardProcess.attached(bench, '--flash', flash, '--serial', SERIAL);
      const output = await dfuUtilSucceeds(
        bench,
        '-d',
        '1209:7d02',
        '-a',
        'RIOT-OS Slot 1',
        '-D',
        imagePath(HELLO_1),
      );
      assert.match(output, /^Download done\.$/m);
      await board.next({ event: 'boot', mode: 'application', slot: 1, version: 2 });
      await board.next({ event: 'console', text: /Slot 1, version 2/ });
      await board.configured('1209:7d00');
      const [listed, ...others] = await dfuUtilList(bench);
      assert.deepEqual(others, []);
      assert.equal(listed?.mode, 'Runtime');
      assert.equal(listed.id, '1209:7d00');
      assert.equal(listed.name, 'RIOT-OS bootloader');
      assert.equal(listed.serial, SERIAL);
      await board.quit();
      assertSlotHolds(flash, HELLO_1);
    },
  },
  {
    name: '-R after a download: dfu-util exits 0 and the firmware runs',
    async run(bench) {
      const board = await BoardProcess.attached(bench);
      const output = await dfuUtilSucceeds(bench, '-a', '0', '-D', imagePath(HELLO_0), '-R');
      assert.match(output, /^Download done\.$/m);
      await board.next({ event: 'boot', mode: 'application', slot: 0 });
      await board.next({ event: 'console', text: /Hello World!/ });
    },
  },
  {
    name: 'a file that is too long: dfu-util shows the status, the other slot stays and boots',
    async run(bench) {
      const flash = flashHolding(bench, HELLO_1);
      const before = slotBytes(flash, 1);
      const board = await BoardProcess.attached(bench, '--flash', flash, '--button');
      const long = Buffer.alloc(SLOT_BYTES + 1, 0x5a);
      readFileSync(imagePath(SAUL_0)).copy(long);
      const file = bench.path('long.bin');
      writeFileSync(file, long);
      const { status, output } = await dfuUtil(bench, ['-a', '0', '-D', file], {
        // Eight thousand blocks, each a round trip through an emulated kernel.
        timeoutMs: 420_000,
      });
      assert.notEqual(status, 0);
      assert.match(output, /state\(10\) = dfuERROR, status\(8\) = /);
      assert.doesNotMatch(output, /Download done/);
      assert.ok(!board.has({ event: 'download' }));
      board.send({ command: 'reset' });
      await board.next({ event: 'boot', mode: 'application', slot: 1, version: 2 });
      await board.quit();
      assert.notEqual(slotMagic(flash, 0), MAGIC);
      assert.ok(slotBytes(flash, 1).equals(before));
    },
  },
  {
    name: 'a download that is cut by unplugging fails; repeated, it succeeds',
    async run(bench) {
      const flash = flashHolding(bench, HELLO_1);
      const board = await BoardProcess.attached(bench, '--flash', flash, '--button');
      const long = Buffer.alloc(0x10000, 0x0a);
      readFileSync(imagePath(SAUL_0)).copy(long);
      const file = bench.path('long.bin');
      writeFileSync(file, long);
      let pulled = false;
      const cut = await dfuUtil(bench, ['-a', '0', '-D', file], {
        onOutput(soFar) {
          const percents = [...soFar.matchAll(/(\d+)%/g)].map(([, percent]) => Number(percent));
          if (pulled || Math.max(0, ...percents) < 30) return;
          pulled = true;
          board.send({ command: 'unplug' });
        },
      });
      assert.ok(pulled, 'the cable was pulled in the middle');
      assert.notEqual(cut.status, 0);
      assert.doesNotMatch(cut.output, /Download done/);
      assert.ok(!board.has({ event: 'download' }));
      assert.notEqual(slotMagic(flash, 0), MAGIC);
      board.send({ command: 'replug' });
      await board.configured();
      const output = await dfuUtilSucceeds(bench, '-a', '0', '-D', file);
      assert.match(output, /^Download done\.$/m);
      await board.next({ event: 'download', slot: 0, bytes: long.length });
      await board.next({ event: 'boot', mode: 'application', slot: 0, version: 3 });
      await board.quit();
      assertSlotHolds(flash, SAUL_0);
      assertSlotHolds(flash, HELLO_1);
    },
  },
];
