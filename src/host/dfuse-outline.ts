import type { DfuSeOperation } from './dfuse-plan.ts';
import type { DecidedSending, DescribedStep } from './send-description.ts';

function stepOf(alternate: number, each: DfuSeOperation): DescribedStep | undefined {
  if (each.op === 'write') {
    const { address, data } = each;
    return { step: 'write', alternate, address, sizeBytes: data.length, count: 1 };
  }
  if (each.op === 'leave') {
    return { step: 'leave', alternate, address: undefined, sizeBytes: undefined, count: 1 };
  }
  if (each.op !== 'command' || each.command.command === 'set-address') return undefined;
  const { command } = each;
  if (command.command === 'erase') {
    const { address } = command;
    return { step: 'erase', alternate, address, sizeBytes: each.erasesBytes, count: 1 };
  }
  if (command.command !== 'mass-erase' && command.command !== 'read-unprotect') return undefined;
  const step = command.command;
  return { step, alternate, address: undefined, sizeBytes: undefined, count: 1 };
}

/** Two steps as one, if one goes on where the other ends. */
function together(one: DescribedStep, other: DescribedStep): DescribedStep | undefined {
  if (one.step !== other.step || one.alternate !== other.alternate) return undefined;
  const { address, sizeBytes } = one;
  if (address === undefined || sizeBytes === undefined || other.sizeBytes === undefined) {
    return undefined;
  }
  if (address + sizeBytes !== other.address) return undefined;
  return { ...one, sizeBytes: sizeBytes + other.sizeBytes, count: one.count + other.count };
}

/** What is done to the memory of a DfuSe device. */
export function dfuseSteps({
  parts,
}: DecidedSending & { readonly dialect: 'dfuse' }): DescribedStep[] {
  const steps: DescribedStep[] = [];
  for (const { entry, operations } of parts) {
    for (const each of operations) {
      const step = stepOf(entry.alternate, each);
      if (step === undefined) continue;
      const last = steps.at(-1);
      const joined = last === undefined ? undefined : together(last, step);
      if (joined === undefined) steps.push(step);
      else steps[steps.length - 1] = joined;
    }
  }
  return steps;
}
