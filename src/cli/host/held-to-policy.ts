import { withPolicy } from '../../host/index.ts';
import type { SendPlan, SendPolicy } from '../../host/index.ts';
import { loadKeys } from '../shared/key-files.ts';
import type { Terminal } from '../shared/terminal.ts';

/** What a plan is held to; the keys by the names of their files. */
interface NamedPolicy extends Omit<SendPolicy, 'keys'> {
  readonly key: readonly string[] | undefined;
}

/** Reads the keys, and holds the plan to the policy. */
export async function heldToPolicy(
  terminal: Terminal,
  plan: SendPlan,
  { key, ...policy }: NamedPolicy,
): Promise<SendPlan> {
  const named = key === undefined ? undefined : await loadKeys(terminal, key);
  return withPolicy(plan, { ...policy, keys: named?.map((each) => each.key) });
}
