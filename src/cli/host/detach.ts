import { Command } from 'commander';
import {
  DfuSession,
  departureDoubt,
  enterDfuMode,
  find,
  leave,
  listLine,
} from '../../host/index.ts';
import type { Found } from '../../host/index.ts';
import { addExamples } from '../shared/examples.ts';
import { ExitCode, answering } from '../shared/exit-codes.ts';
import type { Terminal } from '../shared/terminal.ts';
import { runOnBus } from './run-on-bus.ts';
import type { Surroundings } from './run-on-bus.ts';
import { addOpenOptions, selectionOf } from './select.ts';
import type { OpenOptions } from './select.ts';

interface DetachCommand extends OpenOptions {
  readonly reset?: true | undefined;
}

/** `dfukit detach`. */
export function command(terminal: Terminal): Command {
  const made = addOpenOptions(new Command('detach'))
    .description('ask a device from run-time into DFU mode, or out of DFU mode')
    .option('-R, --reset', 'reset a device that is in DFU mode after asking it')
    .action(answering((options: DetachCommand) => run(terminal, options)));
  return addExamples(
    made,
    'dfukit detach -d 1209:7d00,1209:7d02                    run-time and DFU mode',
    'dfukit detach -S ABC123 -E 30',
    'dfukit detach -R                                        out of DFU mode, and a reset',
  );
}

async function run(terminal: Terminal, options: DetachCommand): Promise<number> {
  return runOnBus(terminal, options, async (around) => {
    const { bus, clock, signal, onEvent, quirks } = around;
    const selection = selectionOf(options);
    const { wait, timeout: limits } = options;
    const terms = { clock, signal, onEvent, selection, wait, limits, quirks, anyAlternate: true };
    const found = await find(bus, terms);
    if (found.interface.mode === 'runtime') {
      const lines = await enter(found, options, around);
      if (options.json !== true) for (const line of lines) terminal.out.write(`${line}\n`);
      return ExitCode.ok;
    }
    return out(found, options, around);
  });
}

async function enter(
  { device, interface: entry }: Found,
  { detachDelay: returnMs, timeout: limits }: DetachCommand,
  { bus, clock, signal, onEvent, quirks }: Surroundings,
): Promise<string[]> {
  const terms = { clock, signal, onEvent, returnMs, limits, quirks };
  const { entries } = await enterDfuMode(bus, device, entry, terms);
  return entries.map(listLine);
}

/** How long a device that refuses to leave is watched leaving all the same, in ms: some do. */
const LEAVING_MS = 1000;

async function out(
  { device, interface: entry }: Found,
  options: DetachCommand,
  { bus, clock, signal, onEvent, quirks }: Surroundings,
): Promise<number> {
  const { timeout: limits } = options;
  const reset = options.reset === true;
  const session = await DfuSession.open(device, entry, { clock, limits, bus, quirks });
  try {
    const { accepted } = await leave(session, { signal, onEvent, reset });
    if (!accepted && !reset) await session.wait(LEAVING_MS, signal);
    const doubt = session.left
      ? await departureDoubt(session, { starts: true, signal, onEvent })
      : refusal(accepted || reset);
    if (doubt === undefined) return ExitCode.ok;
    onEvent({ type: 'note', message: doubt });
    return ExitCode.unconfirmed;
  } finally {
    await session.close();
  }
}

/** Of a device that stays, which is as it should be where it was asked to wait for a reset. */
function refusal(isAnswered: boolean): string | undefined {
  return isAnswered ? undefined : 'the device refused DFU_DETACH; -R resets it';
}
