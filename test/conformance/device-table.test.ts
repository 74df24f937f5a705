import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COMPATIBLE, RIOTBOOT, STRICT } from '../../src/device/index.ts';
import { COLUMNS, RIOTBOOT_ROUTES, ROUTES, ROWS, Walker, intolerant } from './device-table.ts';
import type { Column, Setting } from './device-table.ts';

const settings = [STRICT, COMPATIBLE, RIOTBOOT].flatMap((profile) =>
  [true, false].flatMap((tolerant) =>
    [true, false].map((firmwareGood): Setting => ({ profile, tolerant, firmwareGood })),
  ),
);

describe.each(settings)(
  'profile $profile.name, tolerant $tolerant, firmware good $firmwareGood',
  (setting) => {
    const riot = setting.profile === RIOTBOOT;
    const all = ROWS[setting.profile.name] ?? {};
    const rows = setting.tolerant ? all : intolerant(all);
    const routes = riot ? RIOTBOOT_ROUTES : ROUTES;
    const reachable = Object.keys(rows).filter(
      (key) => routes[key] !== undefined && !(key === '8' && setting.tolerant),
    );
    const cells = reachable.flatMap((key) => COLUMNS.map((column) => [key, column] as const));

    test.each(cells)('state %s, %s', (key, column) => {
      const walker = new Walker(rows, setting);
      for (const event of routes[key] ?? []) walker.step(event);
      expect(walker.key).toBe(key);
      const { expected, got } = walker.step(column);
      expect(got).toEqual(expected);
    });

    test('any walk through the table', () => {
      const events = fc.array(fc.constantFrom(...COLUMNS), { maxLength: 40 });
      const likely = fc.array(
        fc.constantFrom<Column>('DNLOAD', 'TIME', 'GETSTATUS', 'DNLOAD_END', 'RESET', 'UPLOAD'),
        { maxLength: 40 },
      );
      fc.assert(
        fc.property(fc.oneof(events, likely), (walk) => {
          const walker = new Walker(rows, setting);
          for (const event of walk) {
            if (walker.over) return;
            const { expected, got } = walker.step(event);
            expect(got).toEqual(expected);
          }
        }),
        { numRuns: 60, seed: 11 },
      );
    });
  },
);
