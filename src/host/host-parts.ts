import type { PartWait } from '../usb/index.ts';
import type * as DfuSe from './dfuse-part.ts';
import type * as Expected from './expected.ts';
import type * as EnterDfuMode from './enter-dfu-mode.ts';
import type * as FileReaders from './file-readers.ts';
import type * as NotOlder from './not-older.ts';
import type * as ReadPlain from './read-plain.ts';

/** What not every file and device needs. Each throws `NOT_LOADED` where it is a file of its own and cannot be had. */
export interface HostParts {
  /** Speaks DfuSe. */
  readonly dfuse: (wait: PartWait) => Promise<typeof DfuSe>;
  /** Takes files of formats with addresses apart. */
  readonly readers: (wait: PartWait) => Promise<typeof FileReaders>;
  /** Brings a device from run-time to DFU mode. */
  readonly runtime: (wait: PartWait) => Promise<typeof EnterDfuMode>;
  /** Reads a device of plain DFU back. */
  readonly readPlain: (wait: PartWait) => Promise<typeof ReadPlain>;
  /** Holds device and file to what is expected. */
  readonly expected: (wait: PartWait) => Promise<typeof Expected>;
  /** Compares versions with what the device has. */
  readonly notOlder: (wait: PartWait) => Promise<typeof NotOlder>;
}
