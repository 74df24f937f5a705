import { sendPlan } from '../../host/index.ts';
import type { SendOptions, SendPlan, SendToOptions } from '../../host/index.ts';
import type { FirmwareTarget } from '../../image/index.ts';
import type { ApplicationOptions } from './application-options.ts';
import type { DryRunOptions } from './dry-run-options.ts';
import type { DownloadFormatOptions } from './format-options.ts';
import type { GangCommandOptions } from './gang-options.ts';
import type { ManifestOptions } from './manifest-options.ts';
import { withOptionNames } from './option-names.ts';
import type { PolicyOptions } from './policy-options.ts';
import { readBackOf } from './read-back-options.ts';
import type { ReadBackOptions } from './read-back-options.ts';
import { dialectOf, forceOf } from './select.ts';
import type { TransferOptions } from './select.ts';

/** Options of `dfukit download`, as commander reads them. */
export interface DownloadCommand
  extends
    TransferOptions,
    ReadBackOptions,
    ApplicationOptions,
    GangCommandOptions,
    DryRunOptions,
    DownloadFormatOptions,
    PolicyOptions,
    ManifestOptions {}

/** What the command line says of times, in the host's words. */
export function timesOf({
  detachDelay: returnMs,
  timeout: limits,
  busyLimit: busyLimitMs,
  pollTime: pollTimeMs,
}: DownloadCommand): Pick<SendToOptions, 'returnMs' | 'limits' | 'busyLimitMs' | 'pollTimeMs'> {
  return { returnMs, limits, busyLimitMs, pollTimeMs };
}

/**
 * Before any device is looked for: what cannot be sent is said with the option that helps. -s asks for DfuSe
 * where the file does not say itself what it is for. `own` is what is known of the file besides; -s counts before it.
 */
export function planOf(
  file: Uint8Array | undefined,
  options: DownloadCommand,
  expected: FirmwareTarget | undefined,
  own: Pick<SendOptions, 'address' | 'leave'> = {},
): SendPlan {
  const {
    dfuseAddress,
    transferSize: transferSizeBytes,
    protocol,
    allow,
    raw,
    part,
    format,
  } = options;
  const dialect = dialectOf(options);
  const force = forceOf(options);
  const terms = {
    ...own,
    ...dfuseAddress,
    address: dfuseAddress?.address ?? own.address,
    transferSizeBytes,
    allow,
    raw,
    format,
    force,
    family: part,
    expected,
    ...readBackOf(options),
  };
  try {
    const plan = sendPlan(file, { ...terms, dialect: protocol });
    const asks = file !== undefined && plan.format !== 'dfuse';
    return asks ? { ...plan, dialect } : plan;
  } catch (error) {
    throw withOptionNames(error);
  }
}
