import { DfuError, hexNumber } from '../../bytes/index.ts';
import type { DescribedStep, SendOutline } from '../../host/index.ts';
import type { FlowDevice, FlowFinding } from '../flow-state.ts';
import { said } from '../flow-text.ts';
import type { FlowText } from '../flow-text.ts';
import { finding } from './finding.ts';

/** What sending a file to the device comes to, once it is known: whether it fits, where it goes, what is odd. */
export function sendingFindings(
  { interface: entry, dialect, notes }: SendOutline,
  { mode, interfaces }: FlowDevice,
): FlowFinding[] {
  const odd = notes.map((words) => finding('plain', 'note', ['host-note', { words }]));
  if (mode === 'runtime') {
    return [
      finding('unknown', 'fit', ['fit-later']),
      finding('unknown', 'target', ['target-later']),
      ...odd,
    ];
  }
  const fit = dialect === 'dfuse' ? 'fit-memory' : 'fit-unknown';
  const { alternate, name } = entry;
  const isOne = interfaces.length === 1;
  return [
    finding(dialect === 'dfuse' ? 'good' : 'unknown', 'fit', [fit]),
    ...(isOne || dialect === 'dfuse'
      ? []
      : [finding('plain', 'target', ['target-alternate', { alternate, name }])]),
    ...odd,
  ];
}

/** Why a file is not sent, as a finding. */
export function refusalFinding({ code, message }: DfuError): FlowFinding {
  const values = { words: message };
  if (code === 'OUT_OF_RANGE') return finding('bad', 'fit', ['fit-bad', values]);
  return finding('bad', 'note', ['file-refused', values]);
}

/** A step in a sentence. */
export function stepText({ step, address, sizeBytes: bytes = 0 }: DescribedStep): FlowText {
  const at = address === undefined ? '' : hexNumber(address, 8);
  switch (step) {
    case 'erase':
      return said('step-erase', { bytes, address: at });
    case 'mass-erase':
      return said('step-mass-erase');
    case 'read-unprotect':
      return said('step-read-unprotect');
    case 'write':
      return address === undefined
        ? said('step-write', { bytes })
        : said('step-write-at', { bytes, address: at });
    case 'leave':
      return said('step-leave');
    default:
      return step satisfies never;
  }
}
