import { DfuError, hexNumber } from '../bytes/index.ts';
import { accessibleBytes } from '../dfu/index.ts';
import { dialectOf, speaksDfuSe } from './dialect.ts';
import { printable } from './dfu-interface.ts';
import type { DfuInterface } from './dfu-interface.ts';
import type { SendElement } from './send-element.ts';
import { memoryLayoutOf } from './memory-layout.ts';
import { canBePlaced, isPlaced } from './place.ts';
import type { Placed } from './place.ts';
import type { SendPlan, SendTarget } from './send-plan.ts';

/** Whether an alternate says that all of it can be written there. */
function holds(entry: DfuInterface, { address, data }: Placed): boolean {
  const layout = memoryLayoutOf(entry);
  return layout !== undefined && accessibleBytes(layout, address, 'writable') >= data.length;
}

const rangeOf = ({ address, data }: Placed): string =>
  `${hexNumber(address, 8)} to ${hexNumber(address + data.length - 1, 8)}`;

const nameOf = ({ alternate, name }: DfuInterface): string => `${alternate} "${printable(name)}"`;

function holderOf(alternates: readonly DfuInterface[], element: Placed): DfuInterface {
  const [holder, ...others] = alternates.filter((each) => holds(each, element));
  if (holder !== undefined && others.length === 0) return holder;
  if (holder === undefined) {
    const there = alternates.map((each) => `\n  ${nameOf(each)}`).join('');
    const message = `no alternate setting has writable memory for ${rangeOf(element)}; there is:${there}`;
    throw new DfuError('OUT_OF_RANGE', message, { remedies: ['alternate'] });
  }
  const names = [holder, ...others].map(nameOf).join(', ');
  const message = `${rangeOf(element)} fits several alternate settings: ${names}`;
  throw new DfuError('AMBIGUOUS', message, { remedies: ['alternate'] });
}

/**
 * The same plan with every piece for the alternate whose memory layout has its addresses; as it is where there
 * is but one alternate, where the device speaks plain DFU, and where alternates are named already. Throws
 * `OUT_OF_RANGE` for a piece that no alternate can take whole, `AMBIGUOUS` for one that several can.
 */
export function placedByLayout(
  plan: SendPlan,
  entry: DfuInterface,
  alternates: readonly DfuInterface[],
): SendPlan {
  const own = alternates.filter(speaksDfuSe);
  if (own.length < 2 || !canBePlaced(plan)) return plan;
  if (dialectOf(entry, plan.dialect) !== 'dfuse') return plan;
  const elements = (plan.targets[0]?.elements ?? []).filter(isPlaced);
  const targets = new Map<number, SendElement[]>();
  for (const element of elements) {
    const { alternate } = holderOf(own, element);
    targets.set(alternate, [...(targets.get(alternate) ?? []), element]);
  }
  return {
    ...plan,
    targets: [...targets].map(([alternate, its]): SendTarget => ({ alternate, elements: its })),
  };
}
