import type { DownloadEnding, SendPlan } from '../../host/index.ts';
import { exitOf } from '../host/progress.ts';
import { ExitCode } from '../shared/exit-codes.ts';
import { RunEnd } from './end.ts';
import { libusbName } from './failure.ts';
import type { Voice } from './voice.ts';

/** The end of a plain download, whose states have been told already. Throws where the device did not confirm it. */
export function tellEnd(ended: DownloadEnding, voice: Voice): void {
  if (exitOf(ended) !== ExitCode.ok) {
    const { refusal } = voice;
    const why = refusal === undefined ? '' : ` (${libusbName(refusal)})`;
    const lines = [`unable to read DFU status after completion${why}`];
    const more = 'all bytes are in the device, but it did not confirm that it is done with them';
    throw new RunEnd(ExitCode.io, lines, [more]);
  }
  voice.say('Done!');
  if (ended.reset === 'impossible') {
    voice.add('the device waits for a reset, which this system cannot do: plug it in again');
  }
}

/** The end of what a DfuSe device was given, and of its commands. */
export function tellEndOfDfuSe(ended: DownloadEnding, plan: SendPlan, voice: Voice): void {
  const { leave, unprotect } = plan.modifiers;
  const hasFile = plan.targets.length > 0;
  if (unprotect === true) {
    voice.say('Device disconnects, erases flash and resets now');
    if (!hasFile) return;
  }
  if (plan.format === 'dfuse') voice.say('Done parsing DfuSe file');
  else voice.say(hasFile ? 'File downloaded successfully' : 'DfuSe command mode');
  if (leave === true) voice.say('Submitting leave request...');
  if (exitOf(ended) !== ExitCode.ok) {
    const more = 'the device did not confirm that it is done: look at what it runs';
    throw new RunEnd(ExitCode.io, ['Error during download get_status'], [more]);
  }
  if (leave === true) voice.say('Transitioning to dfuMANIFEST state');
}
