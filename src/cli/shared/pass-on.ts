import { DfuError } from '../../bytes/index.ts';
import { systemWords } from './system-words.ts';
import type { Output } from './terminal.ts';

/**
 * Writes bytes that are what a command was asked for, and waits until they are taken. Rejects with `IO` where nobody
 * takes them: unlike words about the work, they are the work.
 */
export function passOn(out: Output, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const heard = (): void => {};
    out.once('error', heard);
    out.write(bytes, (cause) => {
      if (cause === null || cause === undefined) {
        out.off('error', heard);
        resolve();
        return;
      }
      const gone = (cause as NodeJS.ErrnoException).code === 'EPIPE';
      const words = gone ? 'whoever read it has gone' : systemWords(cause);
      reject(new DfuError('IO', `standard output: ${words}`, { cause }));
    });
  });
}
