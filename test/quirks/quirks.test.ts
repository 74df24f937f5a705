import { expect, test } from 'vitest';
import { CONDITIONS, FIELDS, QUIRKS, fieldsText } from '../../src/host/index.ts';
import { RULED } from './rules.ts';

const HEAD = `# Devices that do not say the truth about themselves

Most oddities of devices are covered by what the host does for every device. What no rule covers is a row of a table: which
devices, what goes wrong, where that is known from. This page is written from the table by a test
(\`npx vitest run test/quirks -u\`), and each device has a virtual one in the tests, which fails without its row.

\`dfukit list --quirks\` tells below each device which rows are about it; with \`--json\` they are in \`quirk\`.

## Rows of your own

\`--quirk\` adds a row, to any command that talks to a device, and may be given again; in the library, \`quirks\` in the options of
\`connect\`, \`find\`, \`scan\`, \`sendTo\` and \`flashFile\`. Your rows count before those of the table, field by field.

\`\`\`sh
npx dfukit download app.bin -s 0x08000000 --quirk 0483:df11:poll-time=5ms
npx dfukit list --quirks --quirk @ours.quirks
\`\`\`

A row is \`VENDOR:PRODUCT[:RELEASE]:FIELD[=VALUE],…\`: ids in hex, \`*\` for any, \`FIRST-LAST\` for a range; RELEASE is bcdDevice. A file has
one a line, and \`#\` begins a comment; or it is JSON, an array of rows as the library has them
(\`[{ "devices": "1209:*", "pollTimeMs": 5 }]\`). What is no row is refused with its place.

`;

const cell = (text: string): string => text.replaceAll('|', String.raw`\|`);

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return `${[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')}\n`;
}

/** docs/quirks.md, as it should be. */
function page(): string {
  const fields = [...Object.entries(FIELDS), ...Object.entries(CONDITIONS)];
  return [
    HEAD,
    table(
      ['field', 'in JSON', 'value', 'meaning'],
      fields.map(([key, { word, form, meaning }]) => {
        const name = word.startsWith('when-') ? `when.${key}` : key;
        return [`\`${word}\``, `\`${name}\``, form, meaning];
      }),
    ),
    '\n## The table\n\n',
    table(
      ['', 'devices', 'what goes wrong', 'row', 'known from'],
      QUIRKS.map(({ name = '', devices, symptom = '', source = '', ...row }) => [
        name,
        devices
          .split(' ')
          .map((each) => `\`${each}\``)
          .join(' '),
        symptom,
        `\`${fieldsText({ ...row, devices })}\``,
        source,
      ]),
    ),
    '\n## What rules cover\n\n',
    table(
      ['', 'what goes wrong', 'what is done, for every device'],
      RULED.map(({ device, symptom, rule }) => [device, symptom, rule]),
    ),
  ].join('');
}

test('docs/quirks.md is what the table says', async () => {
  await expect(page()).toMatchFileSnapshot('../../docs/quirks.md');
});
