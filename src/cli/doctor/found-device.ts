/** A DFU device as the system describes it, without opening it. */
export interface FoundDevice {
  /** vvvv:pppp. */
  readonly id: string;
  /** `1-4.2`. */
  readonly path: string;
  readonly product: string | undefined;
  readonly serial: string | undefined;
  /** `run-time`, `DFU mode`, or `DfuSe`: DFU mode with ST's extensions. */
  readonly speaks: 'run-time' | 'DFU mode' | 'DfuSe';
  /** Its DFU alternate settings. */
  readonly alternates: number;
}
