import type { SendElement } from './send-element.ts';
import type { SendPlan } from './send-plan.ts';

/** Bytes with an address, as a file or `address` gives them. */
export type Placed = SendElement & { readonly address: number };

/** Whether somebody has said where bytes belong. */
export function isPlaced(element: SendElement): element is Placed {
  return element.address !== undefined;
}

/** Whether all of a plan is for one alternate that nobody has named, and has addresses to find it by. */
export function canBePlaced({ targets, dialect }: SendPlan): boolean {
  const [target, ...others] = targets;
  if (target === undefined || others.length > 0 || dialect === 'dfu') return false;
  const { alternate, elements } = target;
  return alternate === undefined && elements.length > 0 && elements.every(isPlaced);
}
