import type { ComparedLine } from './program-comparison.ts';

/** A command line for a board, and what happens to the board behind it. */
export interface BoardLine extends ComparedLine {
  /** The ids that it comes back with. */
  readonly comesBack?: string | undefined;
  /** What the board is told behind it. */
  readonly command?: object | undefined;
}

type More = Omit<BoardLine, 'args'>;

/** Words with a blank in them stand between double quotes. */
function line(words: string, more: More = {}): BoardLine {
  const args = words.match(/"[^"]*"|\S+/g) ?? [];
  return { args: args.map((word) => word.replaceAll('"', '')), ...more };
}

const departs = (row: string, status: number, says?: RegExp): More => ({
  departs: { row, status, says },
});

const DFU = '1209:7d02';
const APPLICATION = '1209:7d00';

/** A riotboot in DFU mode, both slots empty; `{path}` and `{devnum}` are its own. */
export const riotLines: readonly BoardLine[] = [
  line('-l'),
  line('-lv'),
  line('-l -a 1'),
  line('--list --alt "RIOT-OS Slot 0"'),
  line('-l -d 1209:7d00'),
  line('-l -d 1209:7d02 -p {path} -n {devnum} -c 1 -i 0 -S ABC'),
  line('-l -d ,1209:*'),
  line('-l -d ,1:2'),
  line('-l -d *:*,-:-'),
  line('-l -S other'),
  line('-l -S other,ABC'),
  line('-l -c 2'),
  line('-l -i 1'),
  line('-D wrong.bin'),
  line('-a 5 -D wrong.bin'),
  line('-a 0 -D wrong.bin'),
  line('-v -a "RIOT-OS Slot 1" -D wrong.bin'),
  line('-a 0 -t 32 -D wrong.bin'),
  line('-a 0 -D good.dfu'),
  line('-a 0 -d 1209:7d02 -D foreign.dfu'),
  line('-a 0 -D foreign.dfu', departs('foreign-suffix', 64, /File ID 1234:5678 does not match/)),
  line('-w -a 0 -D damaged.dfu'),
  line('-a 0 -U up.bin'),
  line('-a 0 -s :leave'),
  line('-a 0 -s 0x1000 -D wrong.bin'),
  line('-a 0 -e', { comesBack: DFU }),
  line('-a 0 -D first.bin', { comesBack: APPLICATION }),
];

/** The same with its firmware. */
export const runTimeLines: readonly BoardLine[] = [
  line('-lv'),
  line('-l -d 1209:7d02'),
  line('-l -S ABC,other'),
  line('-e', { comesBack: DFU, command: { command: 'reset' } }),
  line('-v --detach --wait', {
    departs: { row: 'wait-is-a-switch', status: 0, says: /Device will detach and reattach/ },
  }),
];

/** Zephyr's sample: a RAM disk that gives what it has. */
export const zephyrLines: readonly BoardLine[] = [
  line('-l'),
  line('-e', { comesBack: '2fe3:ffff' }),
  line('-l'),
  line('-v -a 0 -U all.bin'),
  line('-a 0 -U sized.bin -Z 16384'),
  line('-a 0 -U smaller.bin --upload-size=100'),
  line('-a ramdisk0 -D part.bin'),
  line('-a 0 -t 10 -D part.bin'),
  line('-a 0 -U again.bin -t 64'),
  line('-a 0 -D large.bin'),
  line('-e -a 0'),
  line('-a 0 -D part.bin -R'),
  line('-a 1 -D part.bin'),
  line('-a 1 -D spoilt.bin', departs('error-in-manifestation', 74, /status\(7\)/)),
];

/** The loader in an STM32's system memory. */
export const loaderLines: readonly BoardLine[] = [
  line('-l'),
  line('-a 0 -D part.bin'),
  line('-a 0 -s 0x08000000 -D part.bin'),
  line('-a 0 -s 0x08000000 -v -D part.bin'),
  line('-a 0 -s 0x08000000:100 -Z 7 -U first.bin'),
  line('-v -a 0 -s 0x08001000 -U rest.bin'),
  line('-a 0 -U unbound.bin'),
  line('-a 1 -s 0x1ffff800:16 -U options.bin'),
  line('-a 0 -s 0x20000000 -D part.bin'),
  line('-a 0 -s 0x0801ff00 -D part.bin'),
  line('-a 0 -s 0x20000000:force -D part.bin'),
  line('-a 0 -s 0x20000000:100 -U none.bin'),
  line('-a 0 -s 0x20000000:force:100 -U none.bin'),
  line('-a 0 -s :mass-erase'),
  line('-a 0 -s :unprotect'),
  line('-a 0 -s 0x08000800 -t 64 -D small.bin'),
  line('-v -a 0 -s 0x08002000 -D lpc.bin'),
  line('-a 0 -s 0x08003000 -D stellaris.bin'),
  line('-D two.dfu'),
  line('-a 0 -D one.dfu'),
  line('-a 1 -D one.dfu', departs('nothing-for-the-alternate', 65, /nothing was sent/)),
  line('-a 0 -s 0x08000000:leave -D one.dfu'),
  line('-D cut.dfu', departs('known-before-a-device', 65, /DfuSe/)),
  line('-a 0 -s 0x08000000:will-reset -D part.bin', departs('will-reset', 0, /successfully/)),
  line('-a 0 -s :mass-erase:force'),
  line('-a 0 -s 0x08000000:mass-erase:force -D part.bin'),
  line('-a 0 -s 0x08000000:'),
  line('-a 0 -s 0x08000000 -w -R -D part.bin', { comesBack: '0483:df11' }),
  line('-a 0 -s :unprotect:force', { comesBack: '0483:df11' }),
];

/** Two boards of one kind. */
export const twoLines: readonly BoardLine[] = [
  line('-l'),
  line('-a 0 -D wrong.bin'),
  line('-a 0 -e'),
  line('-a 0 -S B -D wrong.bin'),
  line('-a 0 -p {path} -D wrong.bin'),
];
