// Many at once: 1, 8 and 32 boards that take 5 ms for each block of 1 KiB, over USB/IP to a process of their own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { flashAll } from 'dfukit/gang';
import { usbipBus } from 'dfukit/link/usbip';
import { timerClock } from 'dfukit/usb';
import { figure, median } from './figure.mjs';

const clock = timerClock(globalThis);
const file = new Uint8Array(256 * 1024).fill(0x5a);
const TRIES = 3;

/** So many boards at a server, and what works with them. */
async function withBoards(count, work) {
  const boards = spawn(process.execPath, [`${import.meta.dirname}/gang-boards.mjs`, `${count}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [port] = await once(boards.stdout, 'data');
  const bus = usbipBus({ host: '127.0.0.1', port: Number(port), clock });
  try {
    return await work(bus);
  } finally {
    await bus.close();
    boards.stdin.end();
  }
}

async function flashed(bus, count) {
  const began = performance.now();
  const cpuBefore = process.cpuUsage();
  const { results } = await flashAll(bus, file, { clock });
  const ms = performance.now() - began;
  const { user, system } = process.cpuUsage(cpuBefore);
  const written = results.filter(({ outcome }) => outcome === 'written').length;
  if (written !== count) throw new Error(`${written} of ${count} boards were written`);
  return { ms, cpuMs: (user + system) / 1000 };
}

/** In the middle of some runs, behind one that warms up. */
async function measured(count) {
  const runs = await withBoards(count, async (bus) => {
    await flashed(bus, count);
    const all = [];
    for (let run = 0; run < TRIES; run += 1) all.push(await flashed(bus, count));
    return all;
  });
  return {
    ms: median(runs.map((each) => each.ms)),
    cpuMs: median(runs.map((each) => each.cpuMs)),
  };
}

const one = await measured(1);
figure('gang, 1 board over usbip', one.ms, 'ms', { cpuMs: Math.round(one.cpuMs) });
for (const count of [8, 32]) {
  const { ms, cpuMs } = await measured(count);
  figure(`gang, ${count} boards over usbip`, ms, 'ms', { cpuMs: Math.round(cpuMs) });
  figure(`gang, ${count} boards to one`, ms / one.ms, 'times');
}
