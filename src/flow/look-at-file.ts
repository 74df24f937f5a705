import { DfuError } from '../bytes/index.ts';
import { dryRun, sendPlan, speaksDfuSe, withPolicy } from '../host/index.ts';
import type { Selection, SendDescription, SendOptions, SendPlan } from '../host/index.ts';
import type { CancelSignal } from '../usb/index.ts';
import type { Choice, Looked } from './chosen-file.ts';
import type { Surroundings } from './devices.ts';
import { formatFindings, versionFindings } from './findings/contents.ts';
import { finding } from './findings/finding.ts';
import { refusalFinding, sendingFindings, stepText } from './findings/sending.ts';
import { readKeys, signatureFindings } from './findings/signature.ts';
import type { FlowAlternate, FlowDevice, FlowFile, FlowFinding } from './flow-state.ts';
import { said } from './flow-text.ts';

/** What a look goes by. */
interface LookTerms {
  readonly around: Surroundings;
  readonly expectedKeys: readonly string[];
  readonly address: number | undefined;
  readonly verify: boolean | undefined;
}

/** Where the device is: nothing else is there. */
export function placeOf(
  { interfaces: [first] }: FlowDevice,
  alternate: Selection['alternate'],
): Selection {
  return { path: first?.location.path, address: first?.location.address, alternate };
}

/** Whether what was written is read back unless somebody says otherwise: of plain DFU it may be something else by design. */
function readsBack({ interfaces }: FlowDevice): boolean {
  return interfaces.some(
    (entry) =>
      entry.functionalFound && speaksDfuSe(entry) && entry.functional.bmAttributes.canUpload,
  );
}

function sendOptions(device: FlowDevice, { offer }: Choice, terms: LookTerms): SendOptions {
  return {
    address: offer?.file.address ?? terms.address,
    leave: true,
    verify: terms.verify ?? readsBack(device),
  };
}

/** What is known of a file so far. */
interface Draft {
  readonly findings: FlowFinding[];
  refused: DfuError | undefined;
  described: SendDescription | undefined;
  /** Of which a person must say one. */
  alternates: readonly FlowAlternate[];
}

/** Takes note of why a file is not sent; what is no such reason is thrown. */
function refuse(draft: Draft, error: unknown): void {
  if (!DfuError.is(error) || error.code === 'ABORTED') throw error;
  draft.refused ??= error;
  draft.findings.push(refusalFinding(error));
}

/** Looks at the file alone. */
async function judged(
  draft: Draft,
  { device, choice, terms }: Look,
): Promise<SendPlan | undefined> {
  let plan: SendPlan;
  try {
    plan = sendPlan(choice.bytes, sendOptions(device, choice, terms));
  } catch (error) {
    refuse(draft, error);
    return undefined;
  }
  draft.findings.push(...formatFindings(plan), ...versionFindings(plan));
  try {
    const keys = await readKeys(terms.expectedKeys);
    draft.findings.push(...(await signatureFindings(plan, keys)));
    if (keys.length > 0) await withPolicy(plan, { keys });
  } catch (error) {
    refuse(draft, error);
  }
  const bad = draft.findings.find(({ rating }) => rating === 'bad');
  if (bad !== undefined) draft.refused ??= new DfuError('REFUSED', bad.said.text);
  return plan;
}

interface Look {
  readonly device: FlowDevice;
  readonly choice: Choice;
  readonly terms: LookTerms;
}

/** Looks at what sending it to the device comes to. */
async function held(
  draft: Draft,
  plan: SendPlan,
  { device, choice, terms }: Look,
  signal: CancelSignal,
): Promise<void> {
  const { bus, clock } = terms.around;
  const selection = placeOf(device, choice.alternate);
  try {
    draft.described = await dryRun(bus, plan, { clock, selection, signal });
    draft.findings.push(...sendingFindings(draft.described, device));
  } catch (error) {
    if (!DfuError.is(error, 'AMBIGUOUS') || !error.remedies.includes('alternate')) {
      refuse(draft, error);
      return;
    }
    draft.alternates = device.interfaces.map(({ alternate, name }) => ({ alternate, name }));
    draft.findings.push(finding('unknown', 'target', ['target-choose']));
  }
}

/** What a file is, and what sending it to the device comes to. Nothing is sent. Throws `ABORTED`. */
export async function lookAtFile(look: Look, signal: CancelSignal): Promise<Looked> {
  const { choice } = look;
  const draft: Draft = { findings: [], refused: undefined, described: undefined, alternates: [] };
  const plan = await judged(draft, look);
  if (plan !== undefined && draft.refused === undefined) await held(draft, plan, look, signal);
  const { findings, refused, described, alternates } = draft;
  const file: FlowFile = {
    name: choice.name,
    sizeBytes: choice.bytes.length,
    offer: choice.offer,
    findings,
    steps: described?.steps ?? [],
    plan: (described?.steps ?? []).map(stepText),
    alternates,
    alternate: typeof choice.alternate === 'number' ? choice.alternate : undefined,
    erase: undefined,
    refused:
      refused === undefined
        ? undefined
        : { code: refused.code, said: said('file-refused', { words: refused.message }) },
    isReady: refused === undefined && alternates.length === 0,
  };
  return { choice, file, plan: refused === undefined ? plan : undefined };
}
