import type { Command } from 'commander';
import { DfuError } from '../../bytes/index.ts';
import type { SendPlan } from '../../host/index.ts';
import { parseVersion, recognise } from '../../image/index.ts';
import type { FirmwareTarget, ImageVersion } from '../../image/index.ts';
import { collect } from '../shared/collect.ts';
import { rareOnes } from '../shared/rare-options.ts';
import type { Terminal } from '../shared/terminal.ts';

/** What a file must be before it is sent, as commander reads it. */
export interface PolicyOptions {
  readonly key?: readonly string[] | undefined;
  readonly requireSuffix?: true | undefined;
  readonly minVersion?: ImageVersion | undefined;
  /** False for `--no-downgrade`. */
  readonly downgrade?: boolean | undefined;
  readonly board?: string | undefined;
  readonly bootloader?: string | undefined;
}

/** Adds what a download can be held to. */
export function addPolicyOptions(command: Command): Command {
  command
    .option('--key <file>', 'refuse an image that no such key signed', collect)
    .option('--no-downgrade', 'refuse what is older than what the device has')
    .option('--min-version <version>', 'refuse an older MCUboot image', (text) => {
      try {
        return parseVersion(text);
      } catch (error) {
        if (!DfuError.is(error)) throw error;
        throw new DfuError('INVALID_ARGUMENT', `--min-version: ${error.message}`);
      }
    })
    .option('--board <board>', 'refuse another device than this board, and a file not for it')
    .option(
      '--bootloader <name>',
      "with --board: one of the board's, e.g. mcuboot or mcuboot:overwrite; default: its first",
    )
    .option('--require-suffix', 'refuse a file that does not say which device it is for');
  return rareOnes(
    command,
    '--no-downgrade',
    '--min-version',
    '--board',
    '--bootloader',
    '--require-suffix',
  );
}

/** What `--board` says. */
interface Expected {
  readonly target: FirmwareTarget;
  /** The files of the keys that its bootloader trusts, where the board names them. */
  readonly keys: readonly string[] | undefined;
}

/**
 * What `--board` says of the device; undefined without it. What knows boards is loaded where it is asked for. Throws
 * `INVALID_ARGUMENT` for a board, a bootloader or a mode that there is not.
 */
export async function expectedOf(
  terminal: Terminal,
  { board, bootloader }: PolicyOptions,
): Promise<Expected | undefined> {
  if (board === undefined) {
    if (bootloader === undefined) return undefined;
    throw new DfuError('INVALID_ARGUMENT', '--bootloader says which one --board has: say a board');
  }
  const { boardNamed, bootloaderNamed } = await import('../shared/board-named.ts');
  const { firmwareTarget } = await import('../../board/index.ts');
  const model = await boardNamed(terminal, board);
  const { record, mode } = bootloaderNamed(model, bootloader);
  const target = firmwareTarget(model, { bootloader: record.name, mode });
  return { target, keys: record.trustsKeys ? model.mcuboot?.keys : undefined };
}

/** Whether all that is sent is MCUboot's: of anything else a board's keys say nothing. */
function isSignable({ targets }: SendPlan): boolean {
  const pieces = targets.flatMap(({ elements }) => elements);
  return pieces.length > 0 && pieces.every(({ data }) => recognise(data).format === 'mcuboot');
}

/**
 * The plan, held to all of that. Throws before any device is looked for, where the file is not as it must be. Without
 * `--key` the keys of the board count for an MCUboot image, unless the plan is forced.
 */
export async function heldTo(
  terminal: Terminal,
  plan: SendPlan,
  { key: given, requireSuffix, minVersion, downgrade }: PolicyOptions,
  boardKeys?: readonly string[],
): Promise<SendPlan> {
  const key = given ?? (plan.anyDevice || !isSignable(plan) ? undefined : boardKeys);
  const noDowngrade = downgrade === false;
  if (key === undefined && minVersion === undefined && requireSuffix !== true && !noDowngrade) {
    return plan;
  }
  // Keys and signatures are more than a download that asks for none is made of.
  const { heldToPolicy } = await import('./held-to-policy.ts');
  return heldToPolicy(terminal, plan, { key, requireSuffix, minVersion, noDowngrade });
}
