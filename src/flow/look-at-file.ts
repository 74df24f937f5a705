import { DfuError, hexNumber } from '../bytes/index.ts';
import { hostParts, lookAhead, planFile, speaksDfuSe } from '../host/index.ts';
import type { Selection, SendOutline, SendOptions, SendPlan } from '../host/index.ts';
import { isMcubootImage } from '../image/index.ts';
import type { CancelSignal, PartWait } from '../usb/index.ts';
import type { Choice, Looked } from './chosen-file.ts';
import type { Surroundings } from './devices.ts';
import { formatFindings, versionFindings } from './findings/contents.ts';
import { finding } from './findings/finding.ts';
import { refusalFinding, sendingFindings, stepText } from './findings/sending.ts';
import type { FlowAlternate, FlowDevice, FlowErase, FlowFile, FlowFinding } from './flow-state.ts';
import { said } from './flow-text.ts';
import { parts } from './parts.ts';

/** What a look goes by. */
interface LookTerms {
  readonly around: Surroundings;
  readonly expectedKeys: readonly string[];
  readonly verify: boolean | undefined;
}

/** A file, and the device that it is looked at for. */
interface Look {
  readonly device: FlowDevice;
  readonly choice: Choice;
  readonly terms: LookTerms;
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

/** What is said of the file besides its bytes; `all`: everything is erased first, which nothing but force does. */
function sendOptions({ device, choice, terms }: Look, erase: FlowErase): SendOptions {
  const { address } = choice;
  const verify = terms.verify ?? readsBack(device);
  const common = { address, leave: true, verify };
  return erase === 'all' ? { ...common, massErase: true, force: 'memory' } : common;
}

/** What is known of a file so far. */
interface Draft {
  choice: Choice;
  readonly findings: FlowFinding[];
  plan: SendPlan | undefined;
  refused: DfuError | undefined;
  described: SendOutline | undefined;
  /** Of which a person must say one. */
  alternates: readonly FlowAlternate[];
  erase: FlowErase | undefined;
}

/** Takes note of why a file is not sent; what is no such reason is thrown. */
function refuse(draft: Draft, error: unknown): void {
  if (!DfuError.is(error) || isNoFault(error)) throw error;
  draft.refused ??= error;
  if (draft.findings.every(({ rating }) => rating !== 'bad')) {
    draft.findings.push(refusalFinding(error));
  }
}

/** Says nothing of the file: nobody wants it any more, or what looks at it could not be loaded. */
function isNoFault({ code }: DfuError): boolean {
  return code === 'ABORTED' || code === 'NOT_LOADED';
}

/** Looks at the file alone. */
async function judge(draft: Draft, look: Look, wait: PartWait): Promise<void> {
  const { choice, terms } = look;
  const { around } = terms;
  try {
    // What erases everything also goes past what the device says of its memory: that is looked at without it.
    const plan = await planFile(choice.bytes, sendOptions(look, 'needed'), wait);
    draft.plan = plan;
    draft.findings.push(...formatFindings(plan));
    draft.findings.push(...(around.catalogue?.findingsOf(choice, look.device) ?? []));
    if (choice.offer === undefined) draft.findings.push(...(await versionFindings(plan, wait)));
    const isAsked = terms.expectedKeys.length > 0;
    const images = isAsked || hasImages(plan) ? await parts.images(wait) : undefined;
    const keys = images?.readKeys(terms.expectedKeys) ?? [];
    const isSaid = draft.findings.some(({ topic }) => topic === 'signature');
    const found = (await images?.signatureFindings(plan, keys)) ?? [];
    // The key of the manifest is told already; that an image is signed by no other is nothing more.
    const more = isSaid && keys.length === 0 ? found.filter(isBeside) : found;
    draft.findings.push(...more);
    const bad = draft.findings.find(({ rating }) => rating === 'bad');
    if (bad !== undefined) draft.refused = new DfuError('REFUSED', bad.said.text);
    if (keys.length > 0) await images?.withPolicy(plan, { keys });
  } catch (error) {
    refuse(draft, error);
  }
}

function hasImages({ targets }: SendPlan): boolean {
  return targets.some(({ elements }) => elements.some(({ data }) => isMcubootImage(data)));
}

/** Says what the manifest's own check did not: that the image is whole, and what is wrong. */
function isBeside({ topic, rating }: FlowFinding): boolean {
  return topic !== 'signature' || rating === 'bad';
}

/** Looks at what sending it to the device comes to. */
async function hold(draft: Draft, plan: SendPlan, look: Look, signal: CancelSignal): Promise<void> {
  const { device, choice, terms } = look;
  const { bus, clock } = terms.around;
  const options = { clock, selection: placeOf(device, choice.alternate), signal };
  const { outline: described } = await lookAhead(bus, plan, options);
  draft.described = described;
  draft.findings.push(...sendingFindings(described, device));
  draft.alternates = choice.alternate === undefined ? [] : alternatesOf(device);
  if (device.mode === 'runtime') return;
  draft.erase = eraseChoice(described, choice);
  if (choice.erase === 'needed') return;
  if (described.dialect !== 'dfuse') throw cannotErase();
  draft.plan = await planFile(choice.bytes, sendOptions(look, 'all'), { clock, signal });
  draft.described = (await lookAhead(bus, draft.plan, options)).outline;
}

/** The same; what is not said is found out where the file says it itself, else a person has to say it. */
async function holdOrAsk(draft: Draft, look: Look, signal: CancelSignal): Promise<void> {
  const { plan } = draft;
  const wait = { clock: look.terms.around.clock, signal };
  if (plan === undefined || draft.refused !== undefined) return;
  try {
    await hold(draft, plan, look, signal);
  } catch (error) {
    const address = isOpen(error) ? await likelyAddress(plan, look, wait) : undefined;
    if (address !== undefined) {
      draft.findings.push(
        finding('plain', 'target', ['target-likely', { address: hexNumber(address, 8) }]),
      );
      await again(draft, { ...look, choice: { ...look.choice, address } }, signal);
    } else if (isOpen(error) && error.code === 'AMBIGUOUS') {
      draft.alternates = alternatesOf(look.device);
      draft.findings.push(finding('unknown', 'target', ['target-choose']));
    } else refuse(draft, error);
  }
}

/** The same with more that is said. */
async function again(draft: Draft, look: Look, signal: CancelSignal): Promise<void> {
  draft.choice = look.choice;
  try {
    draft.plan = await planFile(look.choice.bytes, sendOptions(look, 'needed'), {
      clock: look.terms.around.clock,
      signal,
    });
    await hold(draft, draft.plan, look, signal);
  } catch (error) {
    refuse(draft, error);
  }
}

/** Whether more has to be said of where a file goes. */
export function isOpen(error: unknown): error is DfuError {
  if (!DfuError.is(error)) return false;
  const { code, remedies } = error;
  if (code === 'AMBIGUOUS') return remedies.includes('alternate');
  return code === 'INVALID_ARGUMENT' && remedies.includes('address');
}

/** The one address that a program without any belongs at by its own words, on a device that tells its memory. */
async function likelyAddress(
  { targets }: SendPlan,
  { device, choice }: Look,
  wait: PartWait,
): Promise<number | undefined> {
  const [element, ...more] = targets.flatMap(({ elements }) => elements);
  if (element === undefined || more.length > 0 || choice.address !== undefined) return undefined;
  if (element.address !== undefined || !device.interfaces.some(speaksDfuSe)) return undefined;
  const { likelyAddresses, memoryLayoutOf } = await hostParts.dfuse(wait);
  const all = device.interfaces.flatMap((entry) => {
    const layout = memoryLayoutOf(entry);
    return layout === undefined ? [] : likelyAddresses(element.data, layout);
  });
  const [first, ...others] = new Set(all);
  return others.length > 0 ? undefined : first;
}

function cannotErase(): DfuError {
  return new DfuError('UNSUPPORTED', said('erase-not-possible').text);
}

/** The places of a device, where there are several to choose from. */
function alternatesOf({ mode, interfaces }: FlowDevice): FlowAlternate[] {
  if (mode === 'runtime' || interfaces.length < 2) return [];
  return interfaces.map(({ alternate, name }) => ({ alternate, name }));
}

/** What a person chooses of, where the device can do both and nobody has decided it. */
function eraseChoice({ dialect }: SendOutline, { offer, erase }: Choice): FlowErase | undefined {
  const isAsked = offer === undefined || offer.file.erase === 'ask';
  return isAsked && dialect === 'dfuse' ? erase : undefined;
}

/** The number of the alternate that was said by number or by name. */
function chosenAlternate({ device, choice: { alternate } }: Look): number | undefined {
  if (typeof alternate !== 'string') return alternate;
  return device.interfaces.find(({ name }) => name === alternate)?.alternate;
}

/** What a file is, and what sending it to the device comes to. Nothing is sent. Throws `ABORTED`. */
export async function lookAtFile(look: Look, signal: CancelSignal): Promise<Looked> {
  const draft: Draft = {
    choice: look.choice,
    findings: [],
    plan: undefined,
    refused: undefined,
    described: undefined,
    alternates: [],
    erase: undefined,
  };
  await judge(draft, look, { clock: look.terms.around.clock, signal });
  await holdOrAsk(draft, look, signal);
  return looked(draft, look);
}

function looked(draft: Draft, look: Look): Looked {
  const { choice, findings, plan, refused, described, alternates, erase } = draft;
  const steps = refused === undefined ? (described?.steps ?? []) : [];
  const alternate = chosenAlternate(look);
  const isReady = refused === undefined && (alternates.length === 0 || alternate !== undefined);
  const file: FlowFile = {
    name: choice.name,
    sizeBytes: choice.bytes.length,
    offer: choice.offer,
    findings,
    steps,
    plan: steps.map(stepText),
    alternates,
    alternate,
    erase,
    refused: refused && {
      code: refused.code,
      said: said('file-refused', { words: refused.message }),
    },
    isReady,
  };
  return { choice, file, plan: isReady ? plan : undefined };
}
