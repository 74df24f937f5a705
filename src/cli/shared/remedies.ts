import { DfuError, retold } from '../../bytes/index.ts';
import type { DfuRemedy } from '../../bytes/index.ts';

/** An error of the library with the options in it that help, behind its first sentence, where a command has such. */
export function remediesNamed(
  error: unknown,
  names: Readonly<Partial<Record<DfuRemedy, string>>>,
): unknown {
  if (!DfuError.is(error)) return error;
  const options = error.remedies.flatMap((remedy) => names[remedy] ?? []);
  if (options.length === 0) return error;
  const [sentence = '', ...lines] = error.message.split('\n');
  const end = sentence.endsWith('.') ? '.' : '';
  const first = `${sentence.slice(0, sentence.length - end.length)} (${options.join(' or ')})${end}`;
  return retold(error, [first, ...lines].join('\n'));
}
