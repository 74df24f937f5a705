import { DfuError, retold } from '../../bytes/index.ts';

/** What `dfukit doctor` has more to say of. */
const helped: ReadonlySet<string> = new Set(['NO_USB', 'ACCESS', 'BUSY']);

/** The sentence that tells of it. */
export const DOCTOR_HINT = 'dfukit doctor says what stands in the way here, and how to mend it';

/** What a computer without USB can do. */
const ELSEWHERE = '--bus usbip://HOST is the USB of another machine';

/** An error about this computer's own USB with the command in it that looks into it, in a line of its own. */
export function withDoctor(error: unknown, buses: readonly string[]): unknown {
  if (!DfuError.is(error) || !buses.includes('native')) return error;
  const { code, message } = error;
  const isNothing = code === 'NOT_FOUND' && /^No DFU (?:capable USB )?device/.test(message);
  if (!helped.has(code) && !isNothing) return error;
  const elsewhere = code === 'NO_USB' ? `; ${ELSEWHERE}` : '';
  return retold(error, `${message}\n${DOCTOR_HINT}${elsewhere}`);
}
