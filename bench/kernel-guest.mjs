// Runs in the guest of the kernel lab: the same devices at its kernel, flashed by dfu-util and by dfukit in turn.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { figure, median } from './figure.mjs';
import {
  Watch,
  dfuseDevice,
  phases,
  plainDevice,
  pluggedIn,
  products,
  twoModes,
} from './kernel-devices.mjs';

const DETACH = 0;

// TRIES [PART…]
const [tries, ...chosen] = process.argv.slice(2);
const TRIES = Number(tries);
const program = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const own = [process.execPath, program, 'download', '--bus', 'native'];

const bareUsb = fileURLToPath(new URL('bare-usb.cjs', import.meta.url));

/** The programs by their names, with what a kind of device wants. The last is none: the least that Node takes. */
const hosts = {
  'dfu-util': { plain: ['dfu-util', '-D'], dfuse: ['dfu-util', '-s', '0x08000000', '-D'] },
  dfukit: { plain: own, dfuse: [...own, '-s', '0x08000000'] },
  'npm usb': { plain: [process.execPath, bareUsb] },
};

// Emulated: a program that needs more of the processor pays for it many times over.
const emulated = { emulated: true };

/** From the start of the program to its end, and what it said if it failed. */
async function ran([command, ...args]) {
  const beganMs = performance.now();
  let said = '';
  const status = await new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (chunk) => (said += chunk));
    child.stderr.on('data', (chunk) => (said += chunk));
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${said}`);
  return { beganMs, endedMs: performance.now() };
}

/** The devices as the kernel has them are the devices as a program finds them. */
async function settled(watch, product, sinceMs) {
  const atMs = await watch.configuredAfter(product, sinceMs);
  // Not spawnSync: the device answers in this process, and udev waits for what the kernel still asks it.
  await once(spawn('udevadm', ['settle'], { stdio: 'ignore' }), 'close');
  return atMs;
}

/** The middle of all tries, of both programs and perhaps of a third; the tries of all in turn. */
async function inTurn(run, ...third) {
  const all = Object.fromEntries(['dfu-util', 'dfukit', ...third].map((name) => [name, []]));
  for (let at = 0; at < TRIES; at += 1)
    for (const name of Object.keys(all)) all[name].push(await run(name));
  const middle = (name, what) => median(all[name].map((each) => each[what]));
  return (what) => ({
    theirs: middle('dfu-util', what),
    ours: middle('dfukit', what),
    least: third.map((name) => middle(name, what)),
  });
}

function both(what, { theirs, ours, least }, unit, more = {}) {
  figure(`${what}, dfu-util`, theirs, unit, { ...more, ...emulated });
  figure(`${what}, dfukit`, ours, unit, { ...more, ...emulated });
  for (const value of least) figure(`${what}, npm usb`, value, unit, { ...more, ...emulated });
}

async function download(kind, blockBytes, kibibytes) {
  const watch = new Watch();
  const isDfuSe = kind === 'dfuse';
  const device = isDfuSe ? dfuseDevice(blockBytes, watch) : plainDevice(blockBytes, watch);
  const name = isDfuSe ? 'download by DfuSe' : 'download';
  writeFileSync('file.bin', Buffer.alloc(kibibytes * 1024, 0x0a));
  await pluggedIn(device, async () => {
    await settled(watch, products.dfu, 0);
    const third = Object.keys(hosts).slice(isDfuSe ? Infinity : 2);
    const of = await inTurn(
      async (host) => {
        watch.requests = [];
        const block = host === 'npm usb' ? [String(blockBytes)] : [];
        const times = await ran([...hosts[host][kind], 'file.bin', ...block]);
        const run = phases(watch.requests, { ...times, isDfuSe });
        return {
          ...run,
          wholeMs: times.endedMs - times.beganMs,
          rate: (kibibytes * 1.024) / run.transferMs,
        };
      },
      ...third,
    );
    const more = { kibibytes, blockBytes };
    both(`${name} on a Linux kernel`, of('wholeMs'), 'ms', more);
    both(`${name} on a Linux kernel, until the first block`, of('startUpMs'), 'ms', more);
    both(`${name} on a Linux kernel, behind the last block`, of('behindMs'), 'ms', more);
    both(`${name} on a Linux kernel, of blocks`, of('rate'), 'MB/s', more);
    both(`${name} on a Linux kernel, requests a block`, of('requestsABlock'), '', more);
    for (const [what, part] of Object.entries({ '': 'wholeMs', ', of blocks': 'transferMs' })) {
      const { theirs, ours, least } = of(part);
      figure(`${name} on a Linux kernel${what}, ratio of the two`, ours / theirs, '', more);
      for (const value of least)
        figure(
          `${name} on a Linux kernel${what}, npm usb beside dfu-util`,
          value / theirs,
          '',
          more,
        );
    }
  });
}

/** Run-time mode, DFU mode, writing, and the application again: until the kernel has configured that. */
async function update() {
  const kibibytes = 32;
  const more = { kibibytes, blockBytes: 1024 };
  writeFileSync('file.bin', Buffer.alloc(kibibytes * 1024, 0x0a));
  const watch = new Watch();
  await pluggedIn(twoModes(1024, watch), async () => {
    let sinceMs = 0;
    const of = await inTurn(async (host) => {
      await settled(watch, products.application, sinceMs);
      const { beganMs } = await ran([...hosts[host].plain, 'file.bin']);
      const asked = watch.requests.filter(({ atMs }) => atMs > beganMs);
      sinceMs = asked.at(-1).atMs;
      const backMs = await watch.configuredAfter(products.application, sinceMs);
      const detach = asked.find(({ bRequest, wLength }) => bRequest === DETACH && wLength === 0);
      const loaderMs = watch.firstConfiguredAfter(products.dfu, detach.atMs);
      const wholeMs = backMs - beganMs;
      // Off the bus, and until the kernel has configured what came: no host makes that shorter.
      const awayMs = loaderMs - detach.atMs + (backMs - sinceMs);
      return { wholeMs, askedMs: backMs - asked[0].atMs, awayMs, restMs: wholeMs - awayMs };
    });
    both('run-time mode to application on a Linux kernel', of('wholeMs'), 'ms', more);
    both('the same from the first request on', of('askedMs'), 'ms', more);
    both('of it the device is away, or is made known to the kernel', of('awayMs'), 'ms', more);
    for (const [what, part] of Object.entries({
      '': 'wholeMs',
      ', from the first request on': 'askedMs',
      ', without what the device is away': 'restMs',
    })) {
      const { theirs, ours } = of(part);
      figure(
        `run-time mode to application on a Linux kernel${what}, ratio of the two`,
        ours / theirs,
        '',
        more,
      );
    }
  });
}

const parts = {
  64: () => download('plain', 64, 64),
  1024: () => download('plain', 1024, 256),
  4096: () => download('plain', 4096, 1024),
  dfuse: () => download('dfuse', 1024, 64),
  update,
};
const names = chosen.length === 0 ? Object.keys(parts) : chosen;
for (const [name, part] of Object.entries(parts).filter(([each]) => names.includes(each))) {
  try {
    await part();
  } catch (error) {
    console.error(`bench: kernel, ${name}: ${String(error)}`);
    process.exitCode = 1;
  }
}
process.exit();
