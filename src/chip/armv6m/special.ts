import {
  controlOf,
  type CoreState,
  flagC,
  flagN,
  flagV,
  flagZ,
  packXpsr,
  setControl,
  unpackFlags,
} from './state.ts';

/** ConditionPassed (A6.3.1). */
export function passes({ R }: CoreState, condition: number): boolean {
  const n = (R[flagN] as number) < 0;
  const z = R[flagZ] === 0;
  const c = R[flagC] !== 0;
  const v = (R[flagV] as number) < 0;
  const bases = [z, c, n, v, c && !z, n === v, n === v && !z];
  return bases[condition >>> 1] !== ((condition & 1) !== 0);
}

/** The main stack pointer, whichever is the current one. */
export function mainStack(s: CoreState): number {
  return s.processStack === 0 ? (s.R[13] as number) : s.otherSp;
}

export function processStack(s: CoreState): number {
  return s.processStack === 1 ? (s.R[13] as number) : s.otherSp;
}

export function setMainStack(s: CoreState, value: number): void {
  if (s.processStack === 0) s.R[13] = value & ~3;
  else s.otherSp = value & ~3;
}

export function setProcessStack(s: CoreState, value: number): void {
  if (s.processStack === 1) s.R[13] = value & ~3;
  else s.otherSp = value & ~3;
}

/** Whether it may do what only privileged code may. */
function isPrivileged(s: CoreState): boolean {
  return s.unprivileged === 0 || s.ipsr !== 0;
}

/** MRS (B4.2.2). EPSR reads 0, and so do registers that there are not, and those that are kept from unprivileged code. */
export function readSpecial(s: CoreState, register: number): number {
  if (register < 8) {
    const mask = ((register & 1) === 0 ? 0 : 0x3f) | ((register & 4) === 0 ? 0xf000_0000 : 0);
    return packXpsr(s) & mask;
  }
  if (register === 20) return controlOf(s);
  if (!isPrivileged(s)) return 0;
  if (register === 8) return mainStack(s);
  if (register === 9) return processStack(s);
  return register === 16 ? s.primask : 0;
}

/** MSR (B4.2.3). */
export function writeSpecial(s: CoreState, register: number, value: number): void {
  if (register < 8) {
    if ((register & 4) === 0) unpackFlags(s, value);
    return;
  }
  if (!isPrivileged(s)) return;
  if (register === 8) setMainStack(s, value);
  else if (register === 9) setProcessStack(s, value);
  else if (register === 16) s.primask = value & 1;
  else if (register === 20) setControl(s, value);
}
