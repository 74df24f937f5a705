import type { FlashGeometry } from '../../flash/index.ts';
import type { LoadFlash } from './flash-load.ts';

/** The board around the chip, as a debugger's `monitor` and `load` reach it. */
export interface GdbBoard {
  readonly isOn: boolean;
  readonly chip: string;
  readonly flashAddress: number;
  readonly geometry: FlashGeometry;
  readonly flashBytes: number;
  /** Presses its reset button. */
  reset(): void;
  /** Its flash while no machine code has it. */
  readonly flash: LoadFlash;
}
