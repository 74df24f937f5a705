import { RIOTBOOT, STM32_ROM, USBD_DFU, USBD_DFU_RT, ZEPHYR } from '../../src/device/index.ts';
import type { Deviation } from '../../src/device/index.ts';
import type { Departure, Original } from './original.ts';
import { originals } from './table.ts';

const HEAD = `# Where dfukit departs from what it is like

What is like another program here is replayed against recordings of that program. Where the two differ on purpose, the
difference has a row below: a test shows it or a recording meets it, and any other difference fails the tests. They write
this page, too (\`npx vitest run test/departures -u\`).
`;

const PROFILES = `
## What the profiles keep

A profile answers as its original does, also where that one departs from DFU 1.1. Those are no departures of this package;
they are what the profile is for.
`;

/** The profiles that answer as a real device does. */
const profiles = [RIOTBOOT, ZEPHYR, USBD_DFU_RT, STM32_ROM, USBD_DFU];

const cell = (text: string): string => text.replaceAll('|', String.raw`\|`);

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function section(name: string, { title, about, departures }: Original): string {
  const rows = Object.entries<Departure>(departures).map(([id, { original, here, why }]) => [
    `\`${name}/${id}\``,
    original,
    here,
    why,
  ]);
  const body = rows.length === 0 ? 'None is known.' : table(['', 'there', 'here', 'why'], rows);
  return `\n## ${title}\n\n${about}\n\n${body}\n`;
}

function kept(name: string, deviations: readonly Deviation[]): string {
  const rows = deviations.map((each) => [each.name, each.why]);
  return `\n### ${name}\n\n${table(['', 'why, and where it was seen'], rows)}\n`;
}

/** docs/departures.md, as it should be. */
export function departuresPage(): string {
  return [
    HEAD,
    ...Object.entries<Original>(originals).map(([name, each]) => section(name, each)),
    PROFILES,
    ...profiles.map(({ name, deviations }) => kept(name, deviations)),
  ].join('');
}
