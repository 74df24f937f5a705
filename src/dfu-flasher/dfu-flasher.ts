import { LitElement, html } from 'lit';
import type { PropertyDeclarations, PropertyValues, TemplateResult } from 'lit';
import { inWords } from '../flow/index.ts';
import type { FlowFilter, FlowOptions, FlowState } from '../flow/index.ts';
import { MOST_FILE_BYTES } from '../manifest/index.ts';
import type { FirmwareManifest } from '../manifest/index.ts';
import type { UsbBus } from '../usb/index.ts';
import { fromJson, numberOrName, textOrNone, yesOrNo } from './attributes.ts';
import { bodyView } from './body-view.ts';
import { showChoices } from './choice.ts';
import type { DfuFlasherEventMap } from './dfu-flasher-element.ts';
import { FlasherDriver } from './driver.ts';
import { pickFile, saveText } from './person-files.ts';
import { statusOf } from './status.ts';
import { styles } from './styles.ts';
import { flasherTexts, textsOver } from './texts.ts';
import type { FlasherTexts } from './texts.ts';
import { unsupportedText } from './unsupported-text.ts';
import type { View } from './view.ts';

/** How often progress is drawn, in ms. */
const DRAW_MS = 100;

/** What the driver is told of anew when it changes. */
const settingNames = [
  'manifest',
  'src',
  'filters',
  'alt',
  'expectedKey',
  'verify',
  'channel',
  'bus',
  'fetchFile',
] as const;

/** Frameworks set what is not set to null. */
function nullIsNone(properties: Partial<Record<(typeof settingNames)[number], unknown>>): void {
  for (const name of settingNames) if (properties[name] === null) properties[name] = undefined;
}

/** A style sheet belongs to the document that it was made in: each gets one of its own. */
function dress(root: ShadowRoot): void {
  const view = root.ownerDocument.defaultView;
  // Nobody sees what is in a document without a window.
  if (view === null) return;
  const sheet = new view.CSSStyleSheet();
  sheet.replaceSync(styles.cssText);
  root.adoptedStyleSheets = [sheet];
}

/** The element `<dfu-flasher>`; `DfuFlasherElement` is what the world knows of it. */
export class DfuFlasher extends LitElement {
  static override properties: PropertyDeclarations = {
    manifest: { converter: textOrNone },
    src: { converter: textOrNone },
    filters: { converter: fromJson },
    alt: { converter: numberOrName },
    expectedKey: { converter: textOrNone, attribute: 'expected-key' },
    verify: { converter: yesOrNo },
    channel: { converter: textOrNone },
    ownFile: { type: Boolean, attribute: 'own-file' },
    bus: { attribute: false },
    fetchFile: { attribute: false },
    texts: { attribute: false },
  };
  declare manifest: string | FirmwareManifest | undefined;
  declare src: string | undefined;
  declare filters: readonly FlowFilter[] | undefined;
  declare alt: number | string | undefined;
  declare expectedKey: string | undefined;
  declare verify: boolean | undefined;
  declare channel: string | undefined;
  declare ownFile: boolean;
  declare bus: UsbBus | undefined;
  declare fetchFile: FlowOptions['fetchFile'];
  declare texts: Partial<FlasherTexts> | undefined;

  #isDraggedOver = false;
  #hadFocus = false;
  #shown = '';
  readonly #driver: FlasherDriver = new FlasherDriver({
    changed: () => this.#changed(),
    tell: (type, detail) => this.#tell(type, detail),
    unsupportedText: (why) => unsupportedText(this.#allTexts(), why),
    tooLargeText: (name) => this.#allTexts().tooLarge(name, MOST_FILE_BYTES),
  });

  get state(): FlowState {
    return this.#driver.state;
  }

  connect(): Promise<void> {
    return this.#driver.connect();
  }

  chooseFile(file: File): Promise<void> {
    return this.#driver.chooseFile(file);
  }

  async chooseAlternate(alternate: number): Promise<void> {
    const { state } = this;
    const isThere =
      state.step === 'chosen' && state.file.alternates.some((each) => each.alternate === alternate);
    if (isThere) await this.#driver.chooseAlternate(alternate);
  }

  cancel(): Promise<void> {
    return this.#driver.cancel();
  }

  log(): string {
    return this.#driver.log();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#driver.arrived();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    // One that is only moved in its page is back before this.
    queueMicrotask(() => {
      if (!this.isConnected) this.#driver.left();
    });
  }

  /** It was moved to another document: a frame's, or that of a window of its own. */
  adoptedCallback(): void {
    if (this.shadowRoot !== null) dress(this.shadowRoot);
  }

  protected override createRenderRoot(): ShadowRoot {
    const root = this.attachShadow({ mode: 'open' });
    dress(root);
    return root;
  }

  #allTexts(): FlasherTexts {
    return textsOver(flasherTexts, this.texts);
  }

  #tell<K extends keyof DfuFlasherEventMap>(
    type: K,
    detail: DfuFlasherEventMap[K]['detail'],
  ): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }

  #changed(): void {
    this.requestUpdate();
    if (this.state.step === 'working') addEventListener('beforeunload', this.#holdPage);
    else removeEventListener('beforeunload', this.#holdPage);
  }

  /** The browser asks whether the page is to be left: the device is being written. */
  readonly #holdPage = (event: BeforeUnloadEvent): void => event.preventDefault();

  /** The same as long as the same controls are there. */
  get #whatIsShown(): string {
    const { state } = this;
    return state.step === 'working' ? state.progress.phase : state.step;
  }

  /** Progress comes faster than anybody reads. */
  protected override async scheduleUpdate(): Promise<void> {
    if (this.state.step === 'working' && this.#shown === this.#whatIsShown) {
      await new Promise((done) => void setTimeout(done, DRAW_MS));
    }
    await super.scheduleUpdate();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    this.#hadFocus = this.matches(':focus-within');
    nullIsNone(this);
    if (!this.hasUpdated || settingNames.some((name) => changed.has(name))) this.#set();
  }

  #set(): void {
    const { manifest, src, filters, alt, expectedKey, verify, channel, bus, fetchFile } = this;
    const settings = { manifest, src, filters, alt, expectedKey, verify, channel, bus, fetchFile };
    void this.#driver.set(settings);
  }

  /** Whoever works with the keyboard is not thrown out when the button that was pressed goes. */
  protected override updated(): void {
    showChoices(this.renderRoot);
    const shown = this.#whatIsShown;
    const isOther = shown !== this.#shown;
    this.#shown = shown;
    if (!isOther || !this.#hadFocus) return;
    const status = this.renderRoot.querySelector<HTMLElement>('[part~="status"]');
    const active = this.shadowRoot?.activeElement ?? status;
    // Where the person is stays, if it is still there.
    if (active !== status) return;
    const allow = this.renderRoot.querySelector<HTMLElement>('[data-allow]');
    (allow ?? status)?.focus();
  }

  protected override render(): TemplateResult {
    const view = this.#view;
    const { text, rating } = statusOf(view);
    return html`<div
      part="panel"
      role="group"
      aria-labelledby="title"
      @dragover=${(event: DragEvent) => this.#draggedOver(event)}
      @dragleave=${() => this.#over(false)}
      @drop=${(event: DragEvent) => this.#dropped(event)}
    >
      <p part="title" id="title"><bdi>${view.driver.manifest?.product ?? view.texts.title}</bdi></p>
      <p part="status ${rating}" role="status" tabindex="-1"><bdi>${text}</bdi></p>
      ${bodyView(view)}
    </div>`;
  }

  get #view(): View {
    const driver = this.#driver;
    const texts = this.#allTexts();
    return {
      texts,
      say: (said) => inWords(said, texts.sentences),
      driver,
      takesOwnFile: this.#takesOwnFile,
      isDraggedOver: this.#isDraggedOver,
      act: (what) => () => void what(),
      pickFile: () => pickFile((file) => void driver.chooseFile(file)),
      saveLog: () => saveText('dfu-flasher.log', this.log()),
      reload: () => this.#set(),
    };
  }

  get #takesOwnFile(): boolean {
    return this.ownFile || (this.manifest === undefined && this.src === undefined);
  }

  get #takesDrop(): boolean {
    const { step } = this.state;
    return this.#takesOwnFile && (step === 'connected' || step === 'chosen');
  }

  #over(isOver: boolean): void {
    this.#isDraggedOver = isOver;
    this.requestUpdate();
  }

  #draggedOver(event: DragEvent): void {
    if (!this.#takesDrop || event.dataTransfer?.types.includes('Files') !== true) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'copy';
    if (!this.#isDraggedOver) this.#over(true);
  }

  #dropped(event: DragEvent): void {
    if (!this.#takesDrop) return;
    event.preventDefault();
    this.#over(false);
    const files = [...(event.dataTransfer?.files ?? [])];
    const [file] = files;
    const isFolder = event.dataTransfer?.items[0]?.webkitGetAsEntry()?.isDirectory === true;
    if (file === undefined || files.length > 1 || isFolder) {
      this.#driver.fileFailed(this.#allTexts().oneFile);
    } else void this.#driver.chooseFile(file);
  }
}
