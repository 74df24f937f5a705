import type { DebugSeat } from './debug-seat.ts';

const HELP = `reset [halt]  reset the board; the processor stands before its first instruction
reset run     reset the board; it runs, whatever gdb believes
halt          nothing to do: the processor stands while gdb has a prompt
help          this
`;

/** What a command of `monitor` says, and whether the chip in front of gdb is another one now. */
export async function monitorCommand(
  words: string,
  seat: DebugSeat,
  board: { readonly isOn: boolean; reset(): void },
): Promise<string> {
  const command = words.trim().replace(/\s+/g, ' ').toLowerCase();
  switch (command) {
    case 'help':
    case '':
      return HELP;
    case 'halt':
      await seat.halt();
      return '';
    case 'reset':
    case 'reset halt':
    case 'reset init':
      return reset(seat, board);
    case 'reset run':
      if (!board.isOn) return NO_POWER;
      seat.holds = false;
      board.reset();
      return '';
    default:
      return `no command "${command.slice(0, 60)}"; there is:\n${HELP}`;
  }
}

const NO_POWER = 'the board has no power\n';

async function reset(
  seat: DebugSeat,
  board: { readonly isOn: boolean; reset(): void },
): Promise<string> {
  if (!board.isOn) return NO_POWER;
  seat.holds = true;
  const settled = seat.settled();
  board.reset();
  await settled;
  if (seat.stop !== undefined) return '';
  return 'no machine code runs: the bootloader is in DFU mode, or waits; continue waits for it\n';
}
