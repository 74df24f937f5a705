import { Command } from 'commander';
import { tourMcuboot } from './mcuboot.ts';
import { tourRiotboot } from './riotboot.ts';
import { addExamples } from '../shared/examples.ts';
import { interruptible } from '../shared/signals.ts';
import type { Terminal } from '../shared/terminal.ts';
import { Guide } from './guide.ts';
import { tourStm32 } from './stm32.ts';

/** `dfukit tour`: the whole loop on virtual boards, over USB/IP on this machine. */
export function command(terminal: Terminal): Command {
  const made = new Command('tour')
    .description('show virtual boards being flashed, booted, and flashed again')
    .action(() => interruptible(terminal, (signal) => run(terminal, signal)));
  return addExamples(made, 'dfukit tour');
}

async function run(terminal: Terminal, signal: AbortSignal): Promise<void> {
  const guide = new Guide(terminal.out);
  const tour = { guide, terminal, signal };
  guide.say('Virtual boards, flashed over USB: nothing to plug in, nothing to install as root.');
  guide.say('"board" is what the board does and prints, "host" is the computer at the other end.');
  await tourRiotboot(tour);
  await tourMcuboot(tour);
  await tourStm32(tour);
  epilogue(guide);
}

function epilogue(guide: Guide): void {
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
  guide.say(`\n${guide.styled('bold', 'That was the whole loop. To do it yourself:')}`);
  for (const [line, meaning] of commands)
    guide.say(`   ${line}\n      ${guide.styled('dim', meaning)}`);
}
