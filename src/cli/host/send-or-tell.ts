import { sendTo } from '../../host/index.ts';
import type { SendPlan, SendToOptions } from '../../host/index.ts';
import type { UsbBus } from '../../usb/index.ts';
import { ExitCode } from '../shared/exit-codes.ts';
import type { Terminal } from '../shared/terminal.ts';
import type { DryRunOptions } from './dry-run-options.ts';
import { exitOf } from './progress.ts';

/** Sends a plan to the device that is meant, or with --dry-run says what that would be. Answers with the exit code. */
export async function sendOrTell(
  { out }: Terminal,
  { dryRun, json = false }: DryRunOptions & { readonly json?: boolean | undefined },
  {
    bus,
    plan,
    terms,
  }: { readonly bus: UsbBus; readonly plan: SendPlan; readonly terms: SendToOptions },
): Promise<number> {
  if (dryRun !== true) return exitOf(await sendTo(bus, plan, terms));
  const { tellDryRun } = await import('./dry-run.ts');
  await tellDryRun({ out, json }, bus, plan, terms);
  return ExitCode.ok;
}
