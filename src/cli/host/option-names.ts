import { DfuError } from '../../bytes/index.ts';
import type { DfuRemedy } from '../../bytes/index.ts';

/** What the commands call that which would make it go differently. */
const names: Readonly<Record<DfuRemedy, string>> = {
  address: '-s, e.g. -s 0x08000000',
  alternate: '-a',
  force: '--force to do it all the same',
  length: '-s ADDRESS:LENGTH',
  path: '-p path',
  serial: '-S serial',
};

/** An error of the library with the option in it that helps, behind its first sentence. */
export function withOptionNames(error: unknown): unknown {
  if (!DfuError.is(error) || error.remedies.length === 0) return error;
  const { code, message, status, remedies, cause } = error;
  const [sentence = '', ...lines] = message.split('\n');
  const options = remedies.map((remedy) => names[remedy]).join(' or ');
  const end = sentence.endsWith('.') ? '.' : '';
  const first = `${sentence.slice(0, sentence.length - end.length)} (${options})${end}`;
  return new DfuError(code, [first, ...lines].join('\n'), { status, remedies, cause });
}
