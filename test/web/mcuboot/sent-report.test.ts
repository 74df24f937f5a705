import { explorePowerCuts } from 'dfukit/lab';
import type { CutReport } from 'dfukit/lab';
import { describe, expect, test } from 'vitest';
import { firstCut, sentReport, wayOf, worstOfTwo } from '../../../web/lab/mcuboot/sent-report.ts';
import { sceneDevice } from '../../../web/lab/mcuboot/scenario.ts';
import type { Scenario } from '../../../web/lab/mcuboot/scenario-choices.ts';

const scenario: Scenario = {
  board: '',
  mode: 'swap-using-offset',
  sectorBytes: 1024,
  sectors: 4,
  scratchSectors: 2,
  writeUnit: 4,
  oldBytes: 200,
  newBytes: 240,
  request: 'test',
};

async function explored(
  options: Parameters<typeof explorePowerCuts>[1],
): Promise<{ report: CutReport; sent: ReturnType<typeof sentReport> }> {
  const { device } = await sceneDevice(scenario);
  const report = await explorePowerCuts(device, options);
  return { report, sent: sentReport(report, device.flash.sectors) };
}

describe('a report as a message has it', () => {
  test('says of every cut what came of it, and of what many came to once', async () => {
    const { report, sent } = await explored({ twice: true });
    expect(report.findings.length).toBeGreaterThan(0);
    for (const { operation, kind, ...way } of report.cases)
      expect(wayOf(sent, { operation, kind })).toEqual(way);
    expect(sent.cases).toBe(report.cases.length);
    expect(sent.ways.length).toBeLessThan(report.cases.length / 4);
    expect(worstOfTwo(sent)).toHaveLength(report.pairs.length);
    for (const [n, counts] of report.pairs.entries())
      expect(counts[worstOfTwo(sent)[n] ?? 'same']).toBeGreaterThan(0);
    expect(structuredClone(sent)).toEqual(sent);
  });

  test('says what was not tried', async () => {
    const { report, sent } = await explored({ kinds: ['torn'], twice: false });
    expect(wayOf(sent, { operation: 0, kind: 'clean' })).toBe(undefined);
    expect(wayOf(sent, { operation: report.operations.length, kind: 'torn' })).toBe(undefined);
    expect(firstCut(sent)).toEqual({ operation: report.cases[0]?.operation, kind: 'torn' });
    expect(worstOfTwo(sent)).toEqual([]);
  });
});
