import { leave } from '../../host/index.ts';
import type { DfuSession } from '../../host/index.ts';
import type { Surroundings } from './surroundings.ts';

/** `-R`: DFU_DETACH, whatever comes of it, and a reset of the port. A device that has gone needs neither. */
export async function resetIt(
  session: DfuSession,
  { signal, voice }: Pick<Surroundings, 'signal' | 'voice'>,
): Promise<void> {
  voice.beginLeaving();
  voice.say('Resetting USB to switch back to Run-Time mode');
  const { accepted, reset } = await leave(session, { signal });
  if (!accepted) voice.warn("can't detach");
  if (reset === 'impossible') voice.add('this system cannot reset the device: plug it in again');
}
