import { bootChoice } from './boot-choice.ts';
import { doctor } from './doctor.ts';
import { documents } from './documents.ts';
import { dfuMode } from './dfu-mode.ts';
import { dropIn } from './drop-in.ts';
import { environment } from './environment.ts';
import { fieldDevices } from './field-devices.ts';
import { flasherPage } from './flasher-page.ts';
import { foreignHosts } from './foreign-hosts.ts';
import { hosts } from './hosts.ts';
import { identity } from './identity.ts';
import { machineStm32 } from './machine-stm32.ts';
import { machineCode } from './machine-code.ts';
import { native } from './native.ts';
import { runTime } from './run-time.ts';
import type { Scenario } from './scenario.ts';
import { seeds } from './seeds.ts';
import { systemLoader } from './system-loader.ts';
import { webPage } from './web-page.ts';
import { zephyrEdges } from './zephyr-edges.ts';
import { zephyrSample } from './zephyr-sample.ts';

/** Everything that is tried, in this order. */
export const scenarios: readonly Scenario[] = [
  ...environment,
  ...dfuMode,
  ...runTime,
  ...bootChoice,
  ...hosts,
  ...doctor,
  ...foreignHosts,
  ...fieldDevices,
  ...identity,
  ...systemLoader,
  ...dropIn,
  ...zephyrSample,
  ...zephyrEdges,
  ...native,
  ...machineStm32,
  ...machineCode,
  ...webPage,
  ...flasherPage,
  ...seeds,
  ...documents,
];
