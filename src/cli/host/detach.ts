import { Command } from 'commander';
import { DfuSession, enterDfuMode, find, leave, listLine } from '../../host/index.ts';
import type { Found } from '../../host/index.ts';
import { runOnBus } from './run-on-bus.ts';
import type { Surroundings } from './run-on-bus.ts';
import { addOpenOptions, selectionOf } from './select.ts';
import type { OpenOptions } from './select.ts';

interface DetachCommand extends OpenOptions {
  readonly reset?: true | undefined;
}

/** `dfukit detach`. */
export function command(): Command {
  return addOpenOptions(new Command('detach'))
    .description('ask a device from run-time into DFU mode, or out of DFU mode')
    .option('-R, --reset', 'reset a device that is in DFU mode after asking it')
    .action(run);
}

async function run(options: DetachCommand): Promise<void> {
  await runOnBus(options, async (around) => {
    const { bus, clock, signal, onEvent } = around;
    const selection = selectionOf(options);
    const { wait } = options;
    const terms = { clock, signal, onEvent, selection, wait, anyAlternate: true };
    const found = await find(bus, terms);
    if (found.interface.mode === 'runtime') await enter(found, options, around);
    else await out(found, options, around);
  });
}

async function enter(
  { device, interface: entry }: Found,
  { detachDelay: returnMs, timeout: transferMs, json }: DetachCommand,
  { bus, clock, signal, onEvent }: Surroundings,
): Promise<void> {
  const terms = { clock, signal, onEvent, returnMs, transferMs };
  const { entries } = await enterDfuMode(bus, device, entry, terms);
  if (json === true) return;
  for (const line of entries.map(listLine)) process.stdout.write(`${line}\n`);
}

async function out(
  { device, interface: entry }: Found,
  options: DetachCommand,
  { clock, signal, onEvent }: Surroundings,
): Promise<void> {
  const { timeout: transferMs } = options;
  const reset = options.reset === true;
  const limits = transferMs === undefined ? {} : { transferMs };
  const session = await DfuSession.open(device, entry, { clock, ...limits });
  try {
    const { accepted } = await leave(session, { signal, onEvent, reset });
    if (accepted || reset) return;
    onEvent({ type: 'note', message: 'the device refused DFU_DETACH; -R resets it' });
  } finally {
    await session.close();
  }
}
