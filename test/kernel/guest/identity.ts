import assert from 'node:assert/strict';
import type { Bench } from './bench.ts';
import { BoardProcess } from './board.ts';
import { flashHolding } from './flash.ts';
import { HELLO_0 } from './images.ts';
import type { Scenario } from './scenario.ts';

const MS_OS_20_UUID = '{d8dd60df-4589-4cc7-9cd2-659d9e648a9f}';
const WEB_USB_UUID = '{3408b638-09a9-47a0-8bfd-a0768815b665}';
const PAGE = 'https://example.org/flash';

/** What `lsusb -v` says of a device, without its indentation. */
async function lsusb(bench: Bench, id: string): Promise<string> {
  const { status, output } = await bench.run('lsusb', ['-v', '-d', id]);
  assert.equal(status, 0, 'exit status of lsusb');
  return output.replaceAll(/^ +/gm, '').replaceAll(/ {2,}/g, ' ');
}

function serialIn(output: string): string | undefined {
  return /^iSerial \d+ (.+)$/m.exec(output)?.[1];
}

/** Bytes that the device answers a vendor request with, as Windows and browsers ask, in hex. */
async function vendorIn(
  bench: Bench,
  id: string,
  [bRequest, wValue, wIndex]: readonly [number, number, number],
): Promise<string> {
  const script = `
    import { nodeUsbBus } from '${process.env['DFUKIT']}/dist/link/node-usb/index.js';
    const bus = nodeUsbBus();
    const [idVendor, idProduct] = '${id}'.split(':').map((text) => Number.parseInt(text, 16));
    const found = (await bus.list()).find(({ descriptor }) =>
      descriptor.idVendor === idVendor && descriptor.idProduct === idProduct);
    const pipe = await found.open();
    const request = { bmRequestType: 0xc0, bRequest: ${bRequest}, wValue: ${wValue}, wIndex: ${wIndex} };
    const bytes = await pipe.controlIn(request, 4096);
    process.stdout.write(Buffer.from(bytes).toString('hex'));
    await pipe.close();
    await bus.close();`;
  const args = ['--input-type=module', '-e', script];
  const { status, output } = await bench.run(process.execPath, args);
  assert.equal(status, 0, 'exit status of the script');
  return output.trim();
}

/** What a board tells operating systems and browsers, so that nobody has to install a driver. */
export const identity: readonly Scenario[] = [
  {
    name: 'lsusb -v shows the descriptors for Windows and browsers, and one serial number in both modes',
    async run(bench) {
      const flash = flashHolding(bench, HELLO_0);
      const options = ['--attach', '--flash', flash, '--serial', 'SAME-1', '--landing-page', PAGE];
      const board = await BoardProcess.run(bench, ...options);
      await board.configured('1209:7d00');
      const runTime = await lsusb(bench, '1209:7d00');
      board.send({ command: 'reset', button: true });
      await board.configured();
      const dfuMode = await lsusb(bench, '1209:7d02');
      for (const output of [runTime, dfuMode]) {
        assert.match(output, /^bcdUSB 2\.01$/m);
        assert.match(output, /^bNumDeviceCaps 2$/m);
        assert.ok(output.includes(MS_OS_20_UUID), 'the Microsoft OS 2.0 capability');
        assert.ok(output.includes(WEB_USB_UUID), 'the WebUSB capability');
        assert.equal(serialIn(output), 'SAME-1');
      }
      assert.match(dfuMode, /iLandingPage 1 .*example\.org\/flash/);

      const set = await vendorIn(bench, '1209:7d02', [0x4d, 0, 7]);
      assert.match(set, /^0a00000000000306a2001400030057494e5553420000/);
      assert.equal(set.length, 2 * 0xa2);
      assert.match(await vendorIn(bench, '1209:7d02', [0x4d, 0, 4]), /^280000000001040001/);
      assert.match(await vendorIn(bench, '1209:7d02', [0x57, 1, 2]), /^140301/);
    },
  },
  {
    name: 'lsusb -v shows none of that where it is switched off, or where the board is as RIOT has it',
    async run(bench) {
      const flash = flashHolding(bench);
      for (const options of [
        ['--no-ms-os', '--no-webusb'],
        ['--profile', 'riotboot'],
      ]) {
        const board = await BoardProcess.attached(bench, '--flash', flash, ...options);
        const output = await lsusb(bench, '1209:7d02');
        assert.match(output, /^bcdUSB 2\.00$/m);
        assert.doesNotMatch(output, /Binary Object Store/);
        await board.quit();
      }
    },
  },
];
