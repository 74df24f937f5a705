import { spawnSync } from 'node:child_process';
import { asRoot, installOnDebian } from '../support/needs.ts';
import type { MissingPart } from '../support/needs.ts';

/** Wireshark's command line; undefined if it is there. */
export function missingTshark(): MissingPart | undefined {
  if (spawnSync('tshark', ['--version'], { stdio: 'ignore' }).status === 0) return undefined;
  return { what: 'tshark', install: installOnDebian(asRoot('test/trace/install')) };
}
