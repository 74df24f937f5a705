import type { DfuState } from 'dfukit/dfu';

/** A transition of DFU 1.1 figure A.1, and how its line runs. */
export interface Transition {
  readonly from: DfuState;
  readonly to: DfuState;
  /** What leads along it. */
  readonly by: string;
  /** Corners between its ends, in columns and rows; 0 is the middle of the first. Left out: straight. */
  readonly via?: readonly (readonly [column: number, row: number])[] | undefined;
}

/** Those that the figure names one by one. Into dfuERROR leads a way from each state of DFU mode. */
export const TRANSITIONS: readonly Transition[] = [
  { from: 'appIDLE', to: 'appDETACH', by: 'DFU_DETACH' },
  { from: 'appDETACH', to: 'appIDLE', by: 'the time is over, or a power-on' },
  { from: 'appDETACH', to: 'dfuIDLE', by: 'the device detaches, or a bus reset' },
  { from: 'dfuIDLE', to: 'appIDLE', by: 'a bus reset, or a power-on' },
  { from: 'dfuIDLE', to: 'dfuDNLOAD-SYNC', by: 'DFU_DNLOAD with a block' },
  { from: 'dfuIDLE', to: 'dfuUPLOAD-IDLE', by: 'DFU_UPLOAD' },
  { from: 'dfuUPLOAD-IDLE', to: 'dfuIDLE', by: 'a short block, or DFU_ABORT' },
  { from: 'dfuDNLOAD-SYNC', to: 'dfuDNBUSY', by: 'DFU_GETSTATUS while a block is written' },
  { from: 'dfuDNBUSY', to: 'dfuDNLOAD-SYNC', by: 'bwPollTimeout is over' },
  { from: 'dfuDNLOAD-SYNC', to: 'dfuDNLOAD-IDLE', by: 'DFU_GETSTATUS once it is written' },
  { from: 'dfuDNLOAD-IDLE', to: 'dfuDNLOAD-SYNC', by: 'DFU_DNLOAD with a block' },
  {
    from: 'dfuDNLOAD-IDLE',
    to: 'dfuIDLE',
    by: 'DFU_ABORT',
    via: [
      [1.5, 2.85],
      [1.5, 1.25],
    ],
  },
  { from: 'dfuDNLOAD-IDLE', to: 'dfuMANIFEST-SYNC', by: 'DFU_DNLOAD of length 0: the end' },
  { from: 'dfuMANIFEST-SYNC', to: 'dfuMANIFEST', by: 'DFU_GETSTATUS while it is put into force' },
  { from: 'dfuMANIFEST', to: 'dfuMANIFEST-SYNC', by: 'bwPollTimeout is over' },
  { from: 'dfuMANIFEST', to: 'dfuMANIFEST-WAIT-RESET', by: 'it is done, and a reset is needed' },
  { from: 'dfuMANIFEST-SYNC', to: 'dfuIDLE', by: 'DFU_GETSTATUS once it is done' },
  {
    from: 'dfuMANIFEST-WAIT-RESET',
    to: 'appIDLE',
    by: 'a bus reset, or a power-on',
    via: [
      [2, -0.55],
      [0, -0.55],
    ],
  },
  { from: 'dfuERROR', to: 'dfuIDLE', by: 'DFU_CLRSTATUS' },
];

/** What leads from one state to another, by the figure; undefined where it has no such line. */
export function transitionOf(from: DfuState, to: DfuState): Transition | undefined {
  return TRANSITIONS.find((each) => each.from === from && each.to === to);
}

/** What led there, in words. Something that was not seen may lie between. */
export function transitionWords(from: DfuState, to: DfuState): string {
  const known = transitionOf(from, to);
  if (known !== undefined) return known.by;
  if (to === 'dfuERROR') return 'something failed';
  return 'by way of states that no transfer has shown';
}
