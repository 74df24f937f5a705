import { styleText } from 'node:util';
import { Command } from 'commander';
import { tourMcuboot } from './mcuboot.ts';
import { tourRiotboot } from './riotboot.ts';
import { say } from './stage.ts';
import { tourStm32 } from './stm32.ts';

/** `dfukit tour`: the whole loop on virtual boards, over USB/IP on this machine. */
export function command(): Command {
  return new Command('tour')
    .description('show virtual boards being flashed, booted, and flashed again')
    .action(run);
}

async function run(): Promise<void> {
  say('Virtual boards, flashed over USB: nothing to plug in, nothing to install as root.');
  say('"board" is what the board does and prints, "host" is the computer at the other end.');
  await tourRiotboot();
  await tourMcuboot();
  await tourStm32();
  epilogue();
}

function epilogue(): void {
  const board = '--board particle-xenon';
  const bus = '--bus usbip://127.0.0.1';
  const commands: readonly (readonly [string, string])[] = [
    [
      `npx dfukit board run particle-xenon --flash xenon.bin`,
      'the board, with keys for reset and power',
    ],
    [`npx dfukit list ${bus}`, 'in another terminal: what a host sees of it'],
    [`npx dfukit firmware flash saul ${board} --slot 0 --version 3 ${bus}`, 'build and flash'],
    ['sudo usbip attach -r 127.0.0.1 -b 1-1', 'the Linux kernel sees it too; then dfu-util -l'],
  ];
  say(`\n${styleText('bold', 'That was the whole loop. To do it yourself:')}`);
  for (const [line, meaning] of commands) say(`   ${line}\n      ${styleText('dim', meaning)}`);
}
