import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync, writeFileSync } from 'node:fs';
import type { Bench, Ended } from './bench.ts';
import { BoardProcess, dfukit } from './board.ts';
import type { Scenario } from './scenario.ts';

interface Told {
  readonly level: string;
  readonly problem?: string;
  readonly message: string;
  readonly device?: { readonly id: string; readonly speaks: string };
  readonly remedy?: { readonly commands: readonly string[]; readonly udevRule?: string };
}

/** What doctor says of the DFU device, the only one that there is. */
function ofDevice({ output }: Ended): Told | undefined {
  const told = output
    .trim()
    .split('\n')
    .map((line): Told => JSON.parse(line));
  return told.find(({ device }) => device !== undefined);
}

/** Somebody who is not root, and in Debian's group for people who may use devices. */
function asUser(bench: Bench, ...args: readonly string[]): Promise<Ended> {
  // Whoever owns the checkout can read it; or else everybody can.
  const { uid, gid } = statSync(String(process.env['DFUKIT']));
  const ids = uid === 0 ? [65_534, 65_534] : [uid, gid];
  const who = [`--reuid=${ids[0]}`, `--regid=${ids[1]}`, '--groups=plugdev', '--inh-caps=-all'];
  return bench.run('setpriv', [...who, process.execPath, ...dfukit, ...args]);
}

const HOLDER = `
import { createRequire } from 'node:module';
const require = createRequire(process.env.DFUKIT + '/package.json');
const { usb } = await import(require.resolve('usb'));
const device = (await usb.getDevices()).find(({ vendorId }) => vendorId === 0x1209);
await device.open();
await device.claimInterface(0);
console.log('claimed');
// Whoever lets go of the device closes it.
setInterval(() => device.opened, 1000);
`;

/** Another program that has claimed the device, until it is ended. */
async function holder(bench: Bench): Promise<() => Promise<void>> {
  const script = bench.path('holder.mjs');
  writeFileSync(script, HOLDER);
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const end = async (): Promise<void> => {
    child.kill();
    await ended;
  };
  bench.atEnd(end);
  await once(child.stdout, 'data');
  return end;
}

/** What keeps a device from being used, and how it is mended. */
export const doctor: readonly Scenario[] = [
  {
    name: 'doctor: a device for root, for a user by the udev rule that it tells, and claimed by another program',
    async run(bench) {
      const none = await bench.run(process.execPath, [...dfukit, 'doctor']);
      assert.equal(none.status, 0, none.output);
      assert.match(none.output, /none of them is DFU|no device is plugged in/);

      await BoardProcess.attached(bench);
      const root = await bench.run(process.execPath, [...dfukit, 'doctor', '--json']);
      assert.equal(root.status, 0, root.output);
      assert.equal(ofDevice(root)?.level, 'ok');
      assert.deepEqual(ofDevice(root)?.device?.speaks, 'DFU mode');

      const refused = await asUser(bench, 'doctor', '--json');
      assert.equal(refused.status, 1, refused.output);
      const found = ofDevice(refused);
      assert.equal(found?.problem, 'no-permission');
      assert.match(found?.remedy?.udevRule ?? '', /"1209".*"7d02".*GROUP="plugdev"/);

      // Word by word, but for sudo: the guest is root's.
      for (const line of found?.remedy?.commands ?? []) {
        const typed = await bench.run('bash', ['-c', line.replace('sudo ', '')]);
        assert.equal(typed.status, 0, typed.output);
      }
      await bench.run('udevadm', ['settle', '--timeout=10']);
      const allowed = await asUser(bench, 'doctor', '--json');
      assert.equal(allowed.status, 0, allowed.output);
      assert.equal(ofDevice(allowed)?.level, 'ok');
      const listed = await asUser(bench, 'list');
      assert.match(listed.output, /^Found DFU: \[1209:7d02\]/m);

      const letGo = await holder(bench);
      const claimed = await asUser(bench, 'doctor', '--json');
      assert.equal(claimed.status, 1, claimed.output);
      assert.equal(ofDevice(claimed)?.problem, 'claimed');
      const seen = await bench.run(process.execPath, [...dfukit, 'doctor']);
      assert.match(seen.output, /another program has claimed .*: \S+ \(process \d+\) \[claimed\]/);
      await letGo();
      assert.equal((await asUser(bench, 'doctor')).status, 0);
    },
  },
];
