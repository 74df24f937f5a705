import assert from 'node:assert/strict';
import type { Bench, Ended } from './bench.ts';
import { BoardProcess, dfukit } from './board.ts';
import { dfuUtilList, dfuUtilSucceeds } from './dfu-util.ts';
import { assertSlotHolds, flashHolding, imagePath } from './flash.ts';
import { HELLO_0, HELLO_1, SAUL_0 } from './images.ts';
import type { Scenario } from './scenario.ts';

function runDfukit(bench: Bench, ...args: readonly string[]): Promise<Ended> {
  return bench.run(process.execPath, [...dfukit, ...args]);
}

/** Runs dfukit, which must succeed; answers what it said. */
async function dfukitSucceeds(bench: Bench, ...args: readonly string[]): Promise<string> {
  const { status, output } = await runDfukit(bench, ...args);
  assert.equal(status, 0, 'exit status of dfukit');
  return output;
}

/** Debian's usbip, on a port of its own. */
async function usbip(bench: Bench, ...args: readonly string[]): Promise<string> {
  const { status, output } = await bench.run('usbip', ['--tcp-port', '13240', ...args]);
  assert.equal(status, 0, 'exit status of usbip');
  return output;
}

/** The vhci port where a device with this id is, as `usbip port` prints it. */
async function vhciPort(bench: Bench, id: string): Promise<string | undefined> {
  const output = await usbip(bench, 'port');
  return output
    .split(/^(?=Port )/m)
    .find((part) => part.includes(`(${id})`))
    ?.slice(0, 7);
}

/** Other hosts, and other ways to the same device. */
export const hosts: readonly Scenario[] = [
  {
    name: "this project's own host over npm usb: list, download, detach, download from run-time",
    async run(bench) {
      const flash = flashHolding(bench);
      const board = await BoardProcess.attached(bench, '--flash', flash);
      const listed = await dfukitSucceeds(bench, 'list', '--bus', 'native');
      const [own] = await dfuUtilList(bench);
      for (const alt of [0, 1])
        assert.match(listed, new RegExp(`1209:7d02.*alt=${alt}, name="RIOT-OS Slot ${alt}"`));
      assert.ok(listed.includes(`path="${own?.path}"`), 'the path that dfu-util shows');

      const first = imagePath(HELLO_0);
      await dfukitSucceeds(bench, 'download', '--bus', 'native', '-a', '0', first);
      await board.next({ event: 'download', slot: 0 });
      await board.next({ event: 'boot', mode: 'application', slot: 0, version: 1 });
      await board.configured('1209:7d00');

      await dfukitSucceeds(bench, 'detach', '--bus', 'native', '-d', '1209:7d00');
      await board.next({ event: 'boot', mode: 'dfu', why: 'magic number' });
      await board.configured();
      board.send({ command: 'reset' });
      await board.next({ event: 'boot', mode: 'application', slot: 0 });
      await board.configured('1209:7d00');

      const second = imagePath(HELLO_1);
      await dfukitSucceeds(bench, 'download', '--bus', 'native', '-a', 'RIOT-OS Slot 1', second);
      await board.next({ event: 'boot', mode: 'dfu', why: 'magic number' });
      await board.next({ event: 'boot', mode: 'application', slot: 1, version: 2 });
      await board.quit();
      assertSlotHolds(flash, HELLO_0);
      assertSlotHolds(flash, HELLO_1);
    },
  },
  {
    name: "Debian's usbip lists and attaches a board; its mode changes on the same connection",
    async run(bench) {
      const flash = flashHolding(bench, HELLO_0);
      const board = await BoardProcess.run(bench, '--usbip', '127.0.0.1:13240', '--flash', flash);
      await board.next({ event: 'usb', state: 'attached', id: '1209:7d00' });
      const listed = await usbip(bench, 'list', '-r', '127.0.0.1');
      const [, busid = ''] = /^\s*([0-9][^\s:]*):.*\(1209:7d00\)/m.exec(listed) ?? [];
      assert.notEqual(busid, '', 'usbip list shows 1209:7d00');

      await usbip(bench, 'attach', '-r', '127.0.0.1', '-b', busid);
      await board.configured('1209:7d00');
      const [runTime] = await dfuUtilList(bench);
      assert.equal(runTime?.mode, 'Runtime');
      const port = await vhciPort(bench, '1209:7d00');
      assert.notEqual(port, undefined);

      await dfuUtilSucceeds(bench, '-d', '1209:7d00', '-e');
      await board.next({ event: 'boot', mode: 'dfu', why: 'magic number' });
      await board.configured();
      const [dfu] = await dfuUtilList(bench);
      assert.equal(dfu?.mode, 'DFU');
      assert.equal(dfu.path, runTime.path);
      assert.equal(await vhciPort(bench, '1209:7d02'), port);

      await dfuUtilSucceeds(bench, '-d', '1209:7d02', '-a', '1', '-D', imagePath(HELLO_1));
      await board.next({ event: 'boot', mode: 'application', slot: 1, version: 2 });
      await board.next({ event: 'usb', state: 'attached', id: '1209:7d00' });

      // The firmware is another device; a remote host has to import it itself.
      await usbip(bench, 'attach', '-r', '127.0.0.1', '-b', busid);
      await board.configured('1209:7d00');
      await dfuUtilSucceeds(bench, '-d', '1209:7d00,1209:7d02', '-a', '0', '-D', imagePath(SAUL_0));
      await board.next({ event: 'boot', mode: 'dfu', why: 'magic number' });
      await board.next({ event: 'boot', mode: 'application', slot: 0, version: 3 });
      await board.quit();
      assertSlotHolds(flash, SAUL_0);
      assertSlotHolds(flash, HELLO_1);
    },
  },
];
