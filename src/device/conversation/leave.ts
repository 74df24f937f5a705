/** Why a device leaves DFU mode. */
export type LeaveReason =
  /** DFU_DETACH in DFU mode. */
  | 'detach'
  /** A bus reset after a complete download, or as the policy says. */
  | 'reset'
  /** No bus reset came in dfuMANIFEST-WAIT-RESET. */
  | 'timeout'
  /** The download is complete and the device restarts by itself (riotboot). */
  | 'manifested'
  /** The power came back. */
  | 'power-on';

/** How a device leaves DFU mode; `Reason` is why. */
export interface Leave<Reason extends string = LeaveReason> {
  readonly reason: Reason;
  /**
   * True inside a bus reset: the device is still attached, and what it is from now on the host reads
   * next. False: it has left the bus.
   */
  readonly onBus: boolean;
}

/** Which bus resets leave DFU mode once the host has configured the device. */
export type LeaveOnReset = 'completed' | 'always' | 'never';
