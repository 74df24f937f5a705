import { hexNumber } from '../../bytes/index.ts';
import { BusFault } from './bus.ts';
import type { Mpu } from './mpu.ts';
import { executionPriority } from './priorities.ts';
import type { CoreState } from './state.ts';

/** MPU_CTRL: it counts in HardFault and NMI, too; and where no region is, privileged code has the map as it is without. */
const IN_FAULTS = 2;
const BACKGROUND = 4;
/** MPU_RASR */
const EXECUTE_NEVER = 1 << 28;
/** The smallest region has 256 bytes: SIZE 7. Below it a region is UNPREDICTABLE; here it is none. */
const LEAST_SIZE = 7;

/** What an access wants. */
type Wish = 'read' | 'write' | 'execute';

/** The region that an address lies in, the highest number of them; -1: none. */
function regionAt({ bases, attributes }: Mpu, at: number): number {
  for (let n = bases.length - 1; n >= 0; n--) {
    const set = attributes[n] as number;
    const size = (set >>> 1) & 31;
    if ((set & 1) === 0 || size < LEAST_SIZE) continue;
    const bytes = 2 ** (size + 1);
    const base = bases[n] as number;
    const start = base - (base % bytes);
    if (at < start || at - start >= bytes) continue;
    const eighth = Math.floor((at - start) / (bytes / 8));
    if (((set >>> (8 + eighth)) & 1) === 0) return n;
  }
  return -1;
}

/** Access permissions, MPU_RASR.AP (table B3-15). */
function permits(permission: number, wish: Wish, privileged: boolean): boolean {
  const reads = wish !== 'write';
  switch (permission) {
    case 1:
      return privileged;
    case 2:
      return privileged || reads;
    case 3:
      return true;
    case 5:
      return privileged && reads;
    case 6:
    case 7:
      return reads;
    default:
      return false;
  }
}

function allows(s: CoreState, at: number, wish: Wish): number | undefined {
  const { mpu } = s;
  if ((mpu.control & IN_FAULTS) === 0 && executionPriority(s) < 0) return undefined;
  // The Private Peripheral Bus is never of a region (B3.5.1).
  if (at >>> 20 === 0xe00) return undefined;
  const privileged = s.unprivileged === 0 || s.ipsr !== 0;
  const region = regionAt(mpu, at);
  if (region < 0) return privileged && (mpu.control & BACKGROUND) !== 0 ? undefined : -1;
  const set = mpu.attributes[region] as number;
  const isFine =
    permits((set >>> 24) & 7, wish, privileged) &&
    !(wish === 'execute' && (set & EXECUTE_NEVER) !== 0);
  return isFine ? undefined : region;
}

/** Throws the `BusFault` of an access that the unit does not allow; there is nothing but HardFault for it (B3.5.2). */
export function guard(s: CoreState, address: number, wish: Wish): void {
  const at = address >>> 0;
  const region = allows(s, at, wish);
  if (region === undefined) return;
  const what = { read: 'a read of', write: 'a write to', execute: 'execution at' }[wish];
  const why = region < 0 ? 'no region is there' : `region ${region} forbids it`;
  throw new BusFault(at, `MPU: ${what} ${hexNumber(at, 8)}: ${why}`);
}

/** Whether something may be executed there, as things are now. */
export function mayExecute(s: CoreState, address: number): boolean {
  return allows(s, address >>> 0, 'execute') === undefined;
}
