import { toBase64 } from '../../image/index.ts';

/** Words and shapes that a YAML reader would not take for a text. */
const needsQuotes =
  /^$|^[\s\-?:,[\]{}#&*!|>'"%@`]|[\s]$|: |:$| #|[\n\r\t]|^(?:true|false|yes|no|on|off|null|~)$|^[-+]?[0-9._]+(?:e[-+]?\d+)?$|^0[xo]/iu;

function scalar(value: unknown): string {
  if (typeof value === 'number') return String(value);
  const text = String(value);
  return needsQuotes.test(text) ? `'${text.replaceAll("'", "''")}'` : text;
}

function binary(bytes: Uint8Array, indent: string): string {
  const lines = toBase64(bytes).match(/.{1,76}/g);
  if (lines === null) return " !!binary ''";
  return [' !!binary |', ...lines.map((line) => `${indent}${line}`)].join('\n');
}

/** What stands behind `key:` or `-`, with its leading space or line feed. */
function valueOf(value: unknown, indent: string): string {
  if (value instanceof Uint8Array) return binary(value, `${indent}  `);
  if (Array.isArray(value)) {
    if (value.length === 0) return ' []';
    // A list stands at the depth of its key, its entries two deeper.
    const items = value.map((item) => `${indent}- ${mapping(item, `${indent}  `).trimStart()}`);
    return `\n${items.join('\n')}`;
  }
  if (typeof value !== 'object' || value === null) return ` ${scalar(value)}`;
  if (Object.keys(value).length === 0) return ' {}';
  return `\n${mapping(value, `${indent}  `)}`;
}

function mapping(value: object, indent: string): string {
  return Object.entries(value)
    .map(([key, item]) => `${indent}${key}:${valueOf(item, indent)}`)
    .join('\n');
}

/** Plain data (mappings, lists of mappings, numbers, texts, bytes) as a YAML document. */
export function yamlDocument(value: object): string {
  return `${mapping(value, '')}\n`;
}
