import type { FlowFinding } from '../flow-state.ts';
import { said } from '../flow-text.ts';
import type { FlowValues } from '../flow-text.ts';
import type { FlowTextId } from '../flow-texts.ts';

/** A sentence about a file, by what it is about. */
export function finding(
  rating: FlowFinding['rating'],
  topic: FlowFinding['topic'],
  [id, values]: readonly [id: FlowTextId, values?: FlowValues],
): FlowFinding {
  return { rating, topic, said: said(id, values) };
}
