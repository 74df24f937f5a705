import type { CoreState } from './state.ts';

export const nmi = 2;
export const hardFault = 3;
export const svCall = 11;
export const pendSv = 14;
export const sysTick = 15;
export const firstInterrupt = 16;

/** Lower than every priority that can be configured: thread mode with nothing active. */
const idlePriority = 4;

/** Priority of an exception; the lower the more urgent (B1.5.4). */
export function priorityOf(s: CoreState, number: number): number {
  if (number === nmi) return -2;
  if (number === hardFault) return -1;
  return s.priorities[number] as number;
}

/** The most urgent priority that is active, without PRIMASK. */
function activePriority(s: CoreState): number {
  let least = idlePriority;
  for (let bits = s.systemActive; bits !== 0; bits &= bits - 1) {
    least = Math.min(least, priorityOf(s, 31 - Math.clz32(bits & -bits)));
  }
  for (let bits = s.active; bits !== 0; bits &= bits - 1) {
    least = Math.min(least, priorityOf(s, firstInterrupt + 31 - Math.clz32(bits & -bits)));
  }
  return least;
}

/** Priority at which it executes (B1.5.4, ExecutionPriority). */
export function executionPriority(s: CoreState): number {
  const active = activePriority(s);
  return s.primask === 0 ? active : Math.min(active, 0);
}

/** The most urgent exception that pends and is enabled, the lowest number among equals; 0 if none is. */
export function mostUrgent(s: CoreState): number {
  let number = 0;
  let least = idlePriority;
  for (let bits = s.systemPending; bits !== 0; bits &= bits - 1) {
    const each = 31 - Math.clz32(bits & -bits);
    const priority = priorityOf(s, each);
    if (priority < least) {
      least = priority;
      number = each;
    }
  }
  for (let bits = s.pending & s.enabled; bits !== 0; bits &= bits - 1) {
    const each = firstInterrupt + 31 - Math.clz32(bits & -bits);
    const priority = priorityOf(s, each);
    if (priority < least) {
      least = priority;
      number = each;
    }
  }
  return number;
}

/** The exception that is to be taken now; 0 if none is. */
export function takeable(s: CoreState): number {
  if (s.systemPending === 0 && (s.pending & s.enabled) === 0) return 0;
  const number = mostUrgent(s);
  return number !== 0 && priorityOf(s, number) < executionPriority(s) ? number : 0;
}

/** Whether WFI wakes: PRIMASK does not count (B1.5.19). */
export function wakes(s: CoreState): boolean {
  const number = mostUrgent(s);
  return number !== 0 && priorityOf(s, number) < activePriority(s);
}
