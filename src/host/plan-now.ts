import { demandPlaces } from './expected.ts';
import * as readers from './file-readers.ts';
import { planWith } from './plan-with.ts';
import { demandArguments } from './send-arguments.ts';
import type { SendOptions, SendPlan } from './send-plan.ts';

/**
 * What a file is and what is to be sent of it: a DFU suffix is taken off; a DfuSe file, Intel HEX, S-records,
 * UF2 and ELF are taken apart; anything else goes as it is. Without a file, the commands alone: mass erase,
 * unprotect, leave.
 *
 * Throws `INVALID_ARGUMENT` for what is no file and for options that say nothing; `MALFORMED` or `TRUNCATED`
 * for a file of these formats that is not as it should be, `AMBIGUOUS` for a UF2 file for several families of
 * chips if none is named, `REFUSED` for a zip file, a key, or bytes for memory that the expected device does not have.
 */
export function sendPlan(file: Uint8Array | undefined, options: SendOptions = {}): SendPlan {
  demandArguments(file, options);
  return planWith(file, options, { readers, demandPlaces });
}
