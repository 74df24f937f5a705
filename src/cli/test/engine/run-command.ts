import type { BenchAttachment, BoardBench } from '../../../testing/index.ts';
import type { Action, Step } from '../format/scenario.ts';
import { runShell } from './shell.ts';
import type { ShellEnd } from './shell.ts';
import { shellWorld } from './shell-world.ts';
import type { ShellWorld } from './shell-world.ts';
import type { Stage } from './stage.ts';

/** Most time of a command, in ms, unless told otherwise. */
const RUN_MS = 120_000;

/** What a command is told of a board; of several, each by its name. */
function tellOf(
  name: string,
  { bus, busId, host, port, kernelPort }: BenchAttachment,
  { bench, flash }: { readonly bench: BoardBench; readonly flash: string },
): [string, string][] {
  const end = name === '' ? '' : `_${name.toUpperCase().replaceAll('-', '_')}`;
  const told: Readonly<Record<string, string>> = {
    BUS: bus,
    USBIP_HOST: host,
    USBIP_PORT: String(port),
    BUSID: busId,
    SERIAL: bench.board.serial,
    BOARD: bench.board.model.name,
    FLASH: flash,
    ...(kernelPort !== undefined && { KERNEL_PORT: String(kernelPort) }),
  };
  return Object.entries(told).map(([key, value]) => [`DFUKIT_${key}${end}`, value]);
}

async function attachAll(
  { benches }: Stage,
  {
    kernel,
    world,
    taken,
  }: { readonly kernel: boolean; readonly world: ShellWorld; readonly taken: BenchAttachment[] },
): Promise<Readonly<Record<string, string>>> {
  const told: [string, string][] = [];
  for (const [name, bench] of benches) {
    const attachment = await bench.attach({ kernel });
    taken.push(attachment);
    const flash = world.writeFlash(name, bench.flash.bytes);
    told.push(...tellOf(name, attachment, { bench, flash }));
  }
  return Object.fromEntries(told);
}

/** `run`: a command of the shell, while every board of the scenario can be reached from outside. */
export async function runCommand(
  stage: Stage,
  step: Step,
  { command, over }: Extract<Action, { readonly kind: 'run' }>,
): Promise<ShellEnd> {
  const { terminal, scenario, clock, signal } = stage;
  const timeOutMs = step.timeOutMs ?? scenario.stepTimeOutMs ?? RUN_MS;
  const world = shellWorld();
  const taken: BenchAttachment[] = [];
  try {
    const told = await attachAll(stage, { kernel: over === 'kernel', world, taken });
    const env = { ...told, PATH: world.path };
    const { folder } = scenario;
    return await runShell(terminal, { command, folder, env, timeOutMs, clock, signal });
  } finally {
    for (const attachment of taken) await attachment.close();
    world.close();
  }
}
