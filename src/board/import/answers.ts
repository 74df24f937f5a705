import type { MemoryRange } from '../../flash/index.ts';
import type { SectorWish } from './sectors.ts';

/** `SLOTn_OFFSET` and `SLOTn_LEN`, each where it is said. */
interface SlotAnswer {
  readonly offsetBytes?: number | undefined;
  readonly sizeBytes?: number | undefined;
}

/** What is said on the command line, because a build does not, or says it wrongly. */
export interface BoardAnswers {
  readonly name?: string | undefined;
  readonly chip?: string | undefined;
  readonly flashBaseAddress?: number | undefined;
  readonly sectors?: readonly SectorWish[] | undefined;
  readonly writeUnitBytes?: number | undefined;
  readonly ram?: MemoryRange | undefined;
  /** `CONFIG_ROM_START_OFFSET`. */
  readonly romStartOffset?: number | undefined;
  /** MCUboot's mode. */
  readonly mode?: string | undefined;
  /** Files of the keys that MCUboot trusts, as the board's file shall name them. */
  readonly keys?: readonly string[] | undefined;
  /** `RIOTBOOT_HDR_LEN`. */
  readonly riotbootHeaderBytes?: number | undefined;
  /** Of riotboot. */
  readonly slots?: readonly SlotAnswer[] | undefined;
}
