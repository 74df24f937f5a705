import { DfuError } from '../bytes/index.ts';
import { idDigits } from '../usb/index.ts';
import type { DfuInterface } from './dfu-interface.ts';
import type { SendPlan } from './send-plan.ts';

/**
 * The release of the file against that of a device in run-time mode, in words; undefined where one of them is not said.
 * In DFU mode a device's release is its boot loader's. Throws `REFUSED` for an older file.
 */
export function demandRelease(
  { noDowngrade = false, suffix }: SendPlan,
  runtime: DfuInterface | undefined,
): string | undefined {
  if (!noDowngrade || runtime?.mode !== 'runtime') return undefined;
  const file = suffix?.bcdDevice ?? 0xffff;
  if (file === 0xffff) return undefined;
  const words = `the file is release ${idDigits(file)} by its suffix, the device is release ${idDigits(runtime.bcdDevice)} in run-time mode`;
  if (file < runtime.bcdDevice) throw new DfuError('REFUSED', `${words}: older`);
  return words;
}
