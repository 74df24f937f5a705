import { writePublicPem } from 'dfukit/image';
import type { Key } from 'dfukit/image';
import { explorePowerCuts, findingVectors, vectorConfigOf } from 'dfukit/lab';
import type { CutProgress, CutReport, LabDevice } from 'dfukit/lab';
import { gzipSync, strToU8, zipSync } from 'fflate';
import { Problem } from '../problem.ts';
import type { CutOrder } from './cut-calls.ts';
import { sentReport } from './sent-report.ts';
import type { SentReport } from './sent-report.ts';
import { SwapStage } from './swap-stage.ts';

/** Tries all power cuts of one boot, and keeps what came of it: in a worker, and in tests. */
export class CutStage {
  #explored: { readonly device: LabDevice; readonly report: CutReport } | undefined;

  async explore(
    { scenario, story, kinds, twice }: CutOrder,
    onProgress: (progress: CutProgress) => Promise<void> = async () => {},
  ): Promise<SentReport> {
    const stage = new SwapStage();
    await stage.open(scenario);
    await stage.play(story);
    const device = stage.end();
    const report = await explorePowerCuts(device, { kinds, twice, onProgress });
    this.#explored = { device, report };
    return sentReport(report, device.flash.sectors);
  }

  async vectors(number: number): Promise<Uint8Array<ArrayBuffer>> {
    const { device, report } = this.#explored ?? {};
    const finding = report?.findings[number];
    if (device === undefined || report === undefined || finding === undefined) {
      throw new Problem(`there is no finding ${number}`);
    }
    const { flash, config } = device;
    const layout = { geometry: flash.geometry, config };
    const { keys = [] } = device;
    const names = {
      signature: signatureOf(keys),
      publicKeys: keys.map((_, n) => pathOfKey(n)),
    };
    const name = `${finding.outcome}-${finding.cuts.map(({ operation, kind }) => `${operation}${kind}`).join('-')}`;
    const { files } = await findingVectors(device, vectorConfigOf(layout, names), {
      report,
      finding,
      name,
    });
    const packed: Record<string, Uint8Array> = {};
    for (const [n, key] of keys.entries()) packed[pathOfKey(n)] = strToU8(writePublicPem(key));
    for (const { path, contents } of files) {
      packed[path] = typeof contents === 'string' ? strToU8(contents) : gzipSync(contents);
    }
    return Uint8Array.from(zipSync(packed, { level: 0 }));
  }
}

/** All of them are of one kind that signs. */
function signatureOf([key]: readonly Key[]): Exclude<Key['kind'], 'x25519'> | 'none' {
  return key === undefined || key.kind === 'x25519' ? 'none' : key.kind;
}

const pathOfKey = (number: number): string => `keys/${number}.pub.pem`;
