import type { DfuRemedy } from '../../bytes/index.ts';
import type { TimeLimits } from '../../host/index.ts';
import { remediesNamed } from '../shared/remedies.ts';

/** What the commands call that which would make it go differently. */
const names: Readonly<Record<DfuRemedy, string>> = {
  address: '-s, e.g. -s 0x08000000',
  alternate: '-a',
  'busy-limit': '--busy-limit',
  dialect: '--protocol dfu or --protocol dfuse',
  configuration: '-c',
  'descriptor-time': '--timeout descriptors=SECONDS',
  'dfu-serial': '-S SERIAL, with the comma, to take any serial number in DFU mode',
  'erase-time': '--timeout erase=SECONDS',
  family: '--part FAMILY',
  force: '--force to do it all the same',
  ids: '-d RUN-TIME,DFU',
  interface: '-i',
  length: '-s ADDRESS:LENGTH',
  'max-bytes': '--max-size',
  'no-layout': '--allow no-layout, which writes without erasing',
  'other-device': '--allow other-device to do it all the same',
  'other-place': '--allow other-place to do it all the same',
  'outside-layout': '--allow outside-layout to do it all the same',
  path: '-p path',
  'poll-time': '--poll-time',
  raw: '--raw to send the file itself',
  'return-time': '-E SECONDS',
  serial: '-S serial',
  'unknown-version': '--allow unknown-version to do it all the same',
  'transfer-time': '--timeout',
  unprotect: '-s :unprotect:force, which erases everything',
};

/** Where a phase has a limit of its own already, that one counts, and another option would change nothing. */
function namesBeside({
  busyMs,
  returnMs,
  transferMs,
  ...others
}: TimeLimits): Partial<Record<DfuRemedy, string>> {
  const isByPhase = [busyMs, returnMs, ...Object.values(others)].some((ms) => ms !== undefined);
  return {
    ...(busyMs !== undefined && { 'busy-limit': '--timeout busy=SECONDS' }),
    ...(returnMs !== undefined && { 'return-time': '--timeout return=SECONDS' }),
    ...(isByPhase && { 'transfer-time': '--timeout transfer=SECONDS' }),
  };
}

/**
 * An error of the library with the option in it that helps, behind its first sentence; `timeout` is what the command line
 * says of limits.
 */
export function withOptionNames(error: unknown, timeout: TimeLimits = {}): unknown {
  return remediesNamed(error, { ...names, ...namesBeside(timeout) });
}
