/** The answer to DFU_DETACH: accepted, with a time in ms; undefined: refused (stalled). */
export type Allowance = number | undefined;

/** How a device comes to leave run-time mode. */
export interface Detach {
  /** `detach`: by itself after DFU_DETACH (bitWillDetach); `reset`: the bus reset that the host owed. */
  readonly reason: 'detach' | 'reset';
  /**
   * The device is still attached. With reason `reset` this is inside a bus reset, and what the device
   * is from now on the host reads next. False: it has left the bus.
   */
  readonly onBus: boolean;
  /** wValue of DFU_DETACH, in ms. */
  readonly timeoutMs: number;
}
