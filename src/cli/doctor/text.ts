import { printable } from '../../host/index.ts';
import type { Finding } from './finding.ts';
import type { FoundDevice } from './found-device.ts';

/** Words in a terminal's colours, or as they are. */
export type Paint = (style: 'bold' | 'green' | 'red' | 'yellow', text: string) => string;

/** The lines that a person reads of a finding. */
export function findingLines(finding: Finding, paint: Paint): string[] {
  const { level, message, device, remedy, problem } = finding;
  const subject = device === undefined ? '' : `${deviceWords(device, paint)}: `;
  const code = problem === undefined ? '' : ` [${problem}]`;
  const head = `${mark(level, paint)} ${subject}${message}${code}`;
  if (remedy === undefined) return [head];
  return [
    head,
    `   remedy: ${remedy.words}${remedy.commands.length > 0 ? ':' : ''}`,
    ...remedy.commands.map((line) => `     ${line}`),
  ];
}

function mark(level: Finding['level'], paint: Paint): string {
  switch (level) {
    case 'ok':
      return paint('green', 'ok');
    case 'note':
      return paint('yellow', '- ');
    case 'problem':
      return paint('red', '! ');
    default:
      return level satisfies never;
  }
}

function deviceWords(
  { id, path, product, serial, speaks, alternates }: FoundDevice,
  paint: Paint,
): string {
  const name = product === undefined ? '' : ` "${printable(product)}"`;
  const number = serial === undefined ? '' : `, serial ${printable(serial)}`;
  const many = alternates === 1 ? '1 alternate' : `${alternates} alternates`;
  return `${paint('bold', id)} at ${path}${name} (${speaks}, ${many}${number})`;
}

/** A finding as a JSON object. */
export function findingAsJson({ level, problem, message, device, remedy }: Finding): object {
  return { type: 'finding', level, problem, message, device, remedy };
}
