import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Scenario } from './scenario.ts';

const modules = ['vhci_hcd', 'usbip_core', 'dummy_hcd', 'libcomposite', 'usb_f_fs'];

/** What all other scenarios stand on. */
export const environment: readonly Scenario[] = [
  {
    name: 'the guest has the modules, udev and dfu-util 0.11',
    async run(bench) {
      const loaded = readFileSync('/proc/modules', 'utf8');
      for (const module of modules) assert.match(loaded, new RegExp(`^${module} `, 'm'));
      assert.equal((await bench.run('udevadm', ['control', '--ping'])).status, 0);
      const version = await bench.run('dfu-util', ['--version']);
      assert.equal(version.status, 0);
      assert.match(version.output, /^dfu-util 0\.11$/m);
    },
  },
  {
    name: 'dfu-util lists nothing while nothing is attached',
    async run(bench) {
      const { status, output } = await bench.run('dfu-util', ['-l']);
      assert.equal(status, 0);
      assert.doesNotMatch(output, /Found/);
    },
  },
];
