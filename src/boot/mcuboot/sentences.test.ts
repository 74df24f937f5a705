import { describe, expect, test } from 'vitest';
import { arrivalScenarios } from '../../../test/support/mcuboot/said/arrivals.ts';
import { bootScenarios } from '../../../test/support/mcuboot/said/boots.ts';
import { buildScenarios } from '../../../test/support/mcuboot/said/builds.ts';
import { hearError } from '../../../test/support/mcuboot/said/scenario.ts';
import type { Scenario } from '../../../test/support/mcuboot/said/scenario.ts';
import { trailerScenarios } from '../../../test/support/mcuboot/said/trailers.ts';
import { updateScenarios } from '../../../test/support/mcuboot/said/updates.ts';
import { isHeard, sentencesIn } from '../../../test/support/mcuboot/sentences.ts';
import { toy } from '../../../test/support/mcuboot/toy.ts';
import type { ToyOptions } from '../../../test/support/mcuboot/toy.ts';
import { buildOf } from './config.ts';
import type { Machine } from './machine.ts';
import { methodOf } from './methods.ts';
import { overwritePrimary } from './overwrite.ts';
import { Session, freshProgress } from './session.ts';
import type { Pair } from './session.ts';
import { writeStatus } from './swap-common.ts';
import type { Algorithm } from './trailer-layout.ts';

// Every sentence that the engine can say is said by a scenario, here and nowhere else.

type Part = (machine: Machine, pair: Pair) => unknown;

/** A part of the engine on its own, at what a whole boot never gives it; its console and its error. */
function alone(algorithm: Algorithm, options: ToyOptions, part: Part) {
  return async (): Promise<readonly string[]> => {
    const { flash, config, judge, counters } = await toy(algorithm, options);
    const session = new Session(buildOf(config), { flash });
    const method = methodOf(algorithm);
    const machine = { session, method, judge, counters, refusals: [], hazards: [] };
    const [pair] = session.pairs;
    const error = await hearError(() => pair && part(machine, pair));
    return [...session.log, ...error];
  };
}

const few = { more: { maxImgSectors: 4 } };
const compatible: Part = ({ method, session }, pair) => method.slotsCompatible(session, pair);

const partScenarios: readonly Scenario[] = [
  ...(
    ['swap-using-move', 'swap-using-offset', 'swap-using-scratch', 'overwrite-only'] as const
  ).map((algorithm) => ({
    what: `${algorithm}: slots of more sectors than the build knows`,
    says: ['W: Cannot upgrade: more sectors than allowed'],
    hear: alone(algorithm, few, compatible),
  })),
  {
    what: 'a status entry for a sector that no slot has',
    says: ['the bootloader ends here (assert): a status entry lies behind the area'],
    hear: alone('swap-using-offset', { more: { validatePrimarySlot: false } }, (machine, pair) => {
      const { session, method } = machine;
      const progress = { ...freshProgress(session.build), index: 99 };
      writeStatus(session, pair, { method, progress });
    }),
  },
  {
    what: 'an overwrite with nothing to copy',
    says: ['the bootloader ends here (assert): the size of the secondary image cannot be read'],
    hear: alone(
      'overwrite-only',
      { images: [], more: { overwriteOnlyFast: true } },
      async (machine, pair) => {
        await overwritePrimary(machine, pair, freshProgress(machine.session.build));
      },
    ),
  },
  {
    what: 'a swap by a scratch area that holds no sector',
    says: ['the bootloader ends here (hang): a sector is larger than scratch'],
    hear: alone(
      'swap-using-scratch',
      { more: { scratch: { offsetBytes: 0, sizeBytes: 256 } }, sectorBytes: 256 },
      ({ method, session }, { primary, ...pair }) => {
        const { area } = primary;
        const large = { offsetBytes: 0, sizeBytes: area.sizeBytes };
        const whole = Object.create(area, { sectors: { value: [large] } }) as typeof area;
        const progress = { ...freshProgress(session.build), swapSize: 1 };
        const second = { ...pair.secondary, area: whole };
        method.run(
          session,
          { ...pair, primary: { ...primary, area: whole }, secondary: second },
          progress,
        );
      },
    ),
  },
  {
    what: 'swap using scratch in a build without',
    says: ['the bootloader ends here (assert): no scratch area'],
    hear: alone('swap-using-move', {}, ({ session }, pair) =>
      methodOf('swap-using-scratch').statusSource(session, pair),
    ),
  },
];

const scenarios = [
  ...updateScenarios,
  ...bootScenarios,
  ...trailerScenarios,
  ...buildScenarios,
  ...arrivalScenarios,
  ...partScenarios,
];

describe('what is said', () => {
  test.each(scenarios)('$what', async ({ says, hear }) => {
    const heard = (await hear()).join('\n');
    for (const each of says) expect(heard).toContain(each);
  });

  test('is all that the sources can say', async () => {
    const heard = (await Promise.all(scenarios.map(({ hear }) => hear()))).flat();
    const silent = sentencesIn(import.meta.dirname).filter((each) => !isHeard(each, heard));
    expect(silent.map(({ file, line, text }) => `${file}:${line} ${text}`)).toEqual([]);
  });
});
