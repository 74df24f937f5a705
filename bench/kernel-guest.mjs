// Runs in the guest of the kernel lab: a board at its kernel, flashed by dfu-util and by dfukit in turn.
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { boardModel, firmwareImage } from 'dfukit/board';
import { loadExample } from 'dfukit/board/node';
import { figure, median } from './figure.mjs';

const KIBIBYTES = 64;
const TRIES = 3;
const program = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

const image = firmwareImage(loadExample('hello-world', { modules: ['usbus_dfu'] }), {
  model: boardModel('particle-xenon'),
  bootloader: 'riotboot_dfu',
  slot: 0,
  version: 1,
});
const file = Buffer.alloc(KIBIBYTES * 1024, 0x0a);
file.set(image);
writeFileSync('image.bin', file);

const args = [program, 'board', 'run', 'particle-xenon', '--json', '--attach', '--button'];
const board = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
const messages = [];
let wake = () => {};
createInterface(board.stdout).on('line', (line) => {
  messages.push(JSON.parse(line));
  wake();
});

const isBoot = ({ event, mode }) => event === 'boot' && mode === 'dfu';
const isConfigured = ({ event, state, id }) =>
  event === 'usb' && state === 'configured' && id === '1209:7d02';

/** Waits until the board has started in DFU mode and the kernel has configured it. */
async function ready() {
  const isReady = () => {
    const booted = messages.findIndex(isBoot);
    return booted !== -1 && messages.slice(booted).some(isConfigured);
  };
  while (!isReady())
    await new Promise((resolve) => {
      wake = resolve;
    });
  spawnSync('udevadm', ['settle']);
}

/** From the start of the program to its end. */
async function timeMs(command, given) {
  await ready();
  const began = performance.now();
  const { status, output } = await new Promise((resolve, reject) => {
    let said = '';
    const child = spawn(command, given, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (chunk) => (said += chunk));
    child.stderr.on('data', (chunk) => (said += chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ status: code, output: said }));
  });
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${output}`);
  const took = performance.now() - began;
  messages.length = 0;
  board.stdin.write('{"command":"reset","button":true}\n');
  return took;
}

const dfuUtil = [];
const dfukit = [];
for (let at = 0; at < TRIES; at += 1) {
  dfuUtil.push(await timeMs('dfu-util', ['-a', '0', '-D', 'image.bin']));
  const own = [program, 'download', '--bus', 'native', '-a', '0', 'image.bin'];
  dfukit.push(await timeMs(process.execPath, own));
}
board.stdin.end('{"command":"quit"}\n');

// Emulated: a program that needs more of the processor pays for it many times over.
const more = { kibibytes: KIBIBYTES, blockBytes: 64, emulated: true };
figure('download on a Linux kernel, dfu-util', median(dfuUtil), 'ms', more);
figure('download on a Linux kernel, dfukit', median(dfukit), 'ms', more);
figure('download on a Linux kernel, ratio of the two', median(dfukit) / median(dfuUtil), '');
