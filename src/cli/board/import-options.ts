import { Command } from 'commander';
import { mcubootModes, parseSectors } from '../../board/index.ts';
import { DfuError, cNumber } from '../../bytes/index.ts';
import type { MemoryRange } from '../../flash/index.ts';
import type { ImportOptions } from './import.ts';
import { collect } from '../shared/collect.ts';
import { oneOf, wholeNumber } from '../shared/numbers.ts';
import type { Terminal } from '../shared/terminal.ts';

const UNITS: Readonly<Record<string, number>> = { K: 1024, M: 1024 * 1024 };

/** Reads `--ram`, `0x20000000:256K`. */
function memoryRange(text: string): MemoryRange {
  const [, base = '', size = '', unit = ''] = /^(\w+):(\w+?)([KM]?)$/.exec(text) ?? [];
  const baseAddress = cNumber(base);
  const sizeBytes = (cNumber(size) ?? 0) * (UNITS[unit] ?? 1);
  if (baseAddress !== undefined && baseAddress < 2 ** 32 && sizeBytes > 0) {
    return { baseAddress, sizeBytes };
  }
  const expected = 'expected an address and a size, 0x20000000:256K';
  throw new DfuError('INVALID_ARGUMENT', `--ram: ${expected}, got "${text}"`);
}

const MOST = 0xffffffff;

const help = `
BUILD is a folder of "west build" (sysbuild or plain), RIOT's bin/BOARD, or a file with RIOT's make variables, made by
  for v in BOARD CPU_MODEL ROM_START_ADDR ROM_LEN RAM_START_ADDR RAM_LEN RIOTBOOT_HDR_LEN \\
    SLOT0_OFFSET SLOT0_LEN SLOT1_OFFSET SLOT1_LEN; do echo "$v=$(make -s info-debug-variable-$v)"; done > riot.vars
What was found, and where, goes to standard error. What no file says is asked for, never guessed.

Examples:
  dfukit board import build                        nrf52840dk.json, from a sysbuild folder
  dfukit board import build --key root-ec-p256.pem
  dfukit board import riot.vars --sectors 256x4K --write-unit 4 -o my-board.json`;

/** `board import`; what does it is loaded when it is asked for. */
export function importCommand(terminal: Terminal): Command {
  const figure = (option: string): ((text: string) => number) => wholeNumber(option, [0, MOST]);
  return new Command('import')
    .description('make a board file out of a build of Zephyr or RIOT')
    .argument('[build]', 'folder of the build, or file of variables; none: RIOT, by options alone')
    .option('-o, --output <file>', 'default: NAME.json; -: standard output')
    .option('--force', 'replace that file')
    .option('--name <name>', 'what the board is called')
    .option('--chip <name>', 'what its chip is called')
    .option('--flash-base <a>', 'address of the first byte of flash', figure('--flash-base'))
    .option('--sectors <list>', 'as 4x16K,64K,7x128K, or the size of all', parseSectors)
    .option(
      '--write-unit <n>',
      'bytes that are written at once',
      oneOf('--write-unit', [1, 2, 4, 8, 16, 32]),
    )
    .option('--ram <base:size>', 'as 0x20000000:256K', memoryRange)
    .option('--mcuboot <folder>', "MCUboot's own build, where it is another")
    .option('--algorithm <name>', `how MCUboot updates: ${mcubootModes.join(', ')}`)
    .option('--key <file>', 'key that MCUboot trusts; again for more', collect)
    .option('--rom-start-offset <n>', 'room for the image header', figure('--rom-start-offset'))
    .option('--riotboot-header <n>', 'RIOTBOOT_HDR_LEN', figure('--riotboot-header'))
    .option('--slot0-offset <n>', 'SLOT0_OFFSET of riotboot', figure('--slot0-offset'))
    .option('--slot0-len <n>', 'SLOT0_LEN', figure('--slot0-len'))
    .option('--slot1-offset <n>', 'SLOT1_OFFSET', figure('--slot1-offset'))
    .option('--slot1-len <n>', 'SLOT1_LEN', figure('--slot1-len'))
    .option('--json', 'one JSON object a line instead of text')
    .addHelpText('after', help)
    .action(async (build: string | undefined, options: ImportOptions) => {
      const { importBoard } = await import('./import.ts');
      await importBoard(terminal, build, options);
    });
}
