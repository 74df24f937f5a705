import type { FirmwareBoard } from '../../src/board/index.ts';

/** What the firmware was built by. The builder puts the value in. */
declare const BUILD_VERSION: string;

/** The first line of a program on Zephyr's boards, where Zephyr names the build that it is of. */
export function printBootBanner({ console }: FirmwareBoard): void {
  console.print(`*** Booting dfukit v${BUILD_VERSION} ***`);
}
