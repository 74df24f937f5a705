import type { DfuState } from 'dfukit/dfu';

/** A state in the figure: where it stands, in columns and rows, and what it means. */
interface DrawnState {
  readonly column: number;
  readonly row: number;
  /** Its name in one line or two. */
  readonly lines: readonly [string, string?];
  readonly meaning: string;
}

/** The states of DFU 1.1 figure A.1, laid out so that they can be read on a phone. */
export const DRAWN_STATES: Readonly<Record<DfuState, DrawnState>> = {
  appIDLE: {
    column: 0,
    row: 0,
    lines: ['appIDLE'],
    meaning: 'The application runs, and can be asked to detach.',
  },
  appDETACH: {
    column: 1,
    row: 0,
    lines: ['appDETACH'],
    meaning: 'DFU_DETACH has come; the application leaves, or a bus reset is waited for.',
  },
  'dfuMANIFEST-WAIT-RESET': {
    column: 2,
    row: 0,
    lines: ['dfuMANIFEST-', 'WAIT-RESET'],
    meaning: 'All is written. Nothing more is answered until a reset.',
  },
  dfuERROR: {
    column: 0,
    row: 1,
    lines: ['dfuERROR'],
    meaning: 'Something failed; DFU_GETSTATUS says what. DFU_CLRSTATUS begins anew.',
  },
  dfuIDLE: {
    column: 1,
    row: 1,
    lines: ['dfuIDLE'],
    meaning: 'DFU mode, with nothing begun.',
  },
  dfuMANIFEST: {
    column: 2,
    row: 1,
    lines: ['dfuMANIFEST'],
    meaning: 'The new firmware is put into force; the device may answer nothing meanwhile.',
  },
  'dfuUPLOAD-IDLE': {
    column: 0,
    row: 2,
    lines: ['dfuUPLOAD-', 'IDLE'],
    meaning: 'An upload is under way; the next DFU_UPLOAD is waited for.',
  },
  'dfuDNLOAD-SYNC': {
    column: 1,
    row: 2,
    lines: ['dfuDNLOAD-', 'SYNC'],
    meaning: 'A block has been received; the host asks with DFU_GETSTATUS how it is going.',
  },
  'dfuMANIFEST-SYNC': {
    column: 2,
    row: 2,
    lines: ['dfuMANIFEST-', 'SYNC'],
    meaning: 'The download has ended; the host asks with DFU_GETSTATUS what becomes of it.',
  },
  dfuDNBUSY: {
    column: 0,
    row: 3,
    lines: ['dfuDNBUSY'],
    meaning: 'A block is being written; no request is allowed until bwPollTimeout is over.',
  },
  'dfuDNLOAD-IDLE': {
    column: 1,
    row: 3,
    lines: ['dfuDNLOAD-', 'IDLE'],
    meaning: 'A download is under way; the next block is waited for.',
  },
};
