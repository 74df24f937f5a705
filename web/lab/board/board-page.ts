import type { DfuFlasherElement } from 'dfukit/dfu-flasher';
import { LitElement, html, nothing } from 'lit';
import type { PropertyDeclarations, TemplateResult } from 'lit';
import { startBoard } from '../../boards/start-board.ts';
import { giveFile } from '../../flasher/try-sample.ts';
import type { FlashOperation, SeenTransfer } from '../../boards/board-client.ts';
import type { BoardConsole } from '../console/console.ts';
import type { LineKind } from '../console/console-lines.ts';
import type { DfuMachine } from '../dfu-machine/dfu-machine.ts';
import type { FlashMap } from '../flash-map/flash-map.ts';
import type { Transfers } from '../transfers/transfers.ts';
import { Bench } from './bench.ts';
import type { BoardView } from './board-session.ts';
import { Problem } from '../problem.ts';
import { Redraw } from '../redraw.ts';
import { droppedFile, kindOf } from './dropped-file.ts';
import { PageDrop } from './page-drop.ts';
import { pageState } from '../../site/url-state.ts';
import { PANELS, labFields } from './lab-address.ts';
import type { LabAddress, Panel } from './lab-address.ts';
import { panelsView } from './page-view.ts';
import { setupView } from './setup-view.ts';

const panelWords: Readonly<Record<Panel, string>> = {
  board: 'Board',
  flasher: 'Flasher',
  flash: 'Flash',
  transfers: 'Transfers',
  console: 'Console',
  dfu: 'DFU states',
};

/** The laboratory's board page: one board, everything that can be done to it, and everything that can be seen of it. */
class BoardPage extends LitElement implements BoardView {
  static override properties: PropertyDeclarations = {
    shared: { state: true },
    isDraggedOver: { state: true },
  };

  declare private shared: string;
  declare private isDraggedOver: boolean;

  readonly #address = pageState(labFields);
  readonly #bench = new Bench(startBoard, this.#address.values, this);
  readonly #drop = new PageDrop(
    (dropped) => this.#dropped(dropped),
    (isOver) => {
      this.isDraggedOver = isOver;
    },
  );
  #stop: (() => void) | undefined;
  readonly #redraw = new Redraw(() => {
    this.requestUpdate();
    this.#writeAddress();
  });

  constructor() {
    super();
    this.shared = '';
    this.isDraggedOver = false;
  }

  /** The site's own styles hold in it. */
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stop = this.#address.onChange(this.#addressChanged);
    addEventListener('pagehide', this.#left);
    this.#drop.start();
    void this.#bench.plugIn();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop?.();
    this.#drop.stop();
    removeEventListener('pagehide', this.#left);
    this.#redraw.stop();
    void this.#bench.close();
  }

  override firstUpdated(): void {
    this.#showPanel();
  }

  said(text: string, kind: LineKind): void {
    this.querySelector<BoardConsole>('lab-console')?.add(text, kind);
  }

  passed(transfer: SeenTransfer): void {
    this.querySelector<Transfers>('lab-transfers')?.add(transfer);
  }

  operated(operation: FlashOperation): void {
    this.querySelector<FlashMap>('lab-flash-map')?.touch(operation);
  }

  entered(dfuState: string | undefined): void {
    this.querySelector<DfuMachine>('lab-dfu-machine')?.enter(dfuState);
  }

  changed(): void {
    this.#redraw.soon();
  }

  drawn(): Promise<unknown> {
    this.requestUpdate();
    return this.updateComplete;
  }

  override render(): TemplateResult {
    const bench = this.#bench;
    return html`
      ${setupView(bench, {
        share: () => void this.#share(),
        shared: this.shared,
        take: (file) => void this.#take(file),
      })}
      ${
        bench.problem === undefined
          ? nothing
          : html`<p class="problem" role="alert">
              <strong>That did not work.</strong> ${bench.problem}
            </p>`
      }
      <nav class="panels" aria-label="Parts of this page">
        <ul>
          ${PANELS.map((panel) => html`<li><a href=${`#${panel}`}>${panelWords[panel]}</a></li>`)}
        </ul>
      </nav>
      ${panelsView(bench)}
      ${
        this.isDraggedOver
          ? html`<p class="drop-here">
              A board file, a firmware or a dump of this board’s flash: drop it here
            </p>`
          : nothing
      }
    `;
  }

  /** The address follows what one does, without a step in the history for each of them. */
  #writeAddress(): void {
    this.#address.set(this.#bench.address);
  }

  readonly #addressChanged = (wanted: LabAddress): void => {
    const bench = this.#bench;
    const now = bench.address;
    const isOther = (['board', 'bootloader', 'start'] as const).some(
      (name) => wanted[name] !== '' && wanted[name] !== now[name],
    );
    if (isOther && bench.ownFile === undefined) void bench.choose(wanted);
  };

  #dropped(dropped: DataTransfer): void {
    try {
      void this.#take(droppedFile(dropped));
    } catch (error) {
      this.#bench.failed(error);
    }
  }

  /** A board file and a dump make a board; anything else is for the flasher, which says what it is. */
  async #take(file: File): Promise<void> {
    const bench = this.#bench;
    const kind = kindOf(file, bench.session?.client.facts.geometry.sizeBytes);
    if (kind === 'board') await bench.useBoardFile(file);
    else if (kind === 'dump') await bench.useDump(file);
    else await this.#flash(file);
  }

  async #flash(file: File): Promise<void> {
    try {
      const flasher = this.querySelector<DfuFlasherElement>('dfu-flasher');
      if (flasher === null)
        throw new Problem(`${file.name}: there is no board that it could be flashed to`);
      flasher.scrollIntoView({ block: 'nearest' });
      await giveFile(flasher, file);
    } catch (error) {
      this.#bench.failed(error);
    }
  }

  readonly #left = (): void => {
    void this.#bench.close();
  };

  #showPanel(): void {
    const panel = PANELS.find((each) => location.hash === `#${each}`);
    if (panel !== undefined) this.querySelector(`#${panel}`)?.scrollIntoView();
  }

  readonly #share = async (): Promise<void> => {
    this.#writeAddress();
    const { ownFile, ownFlash } = this.#bench;
    const what = ownFile === undefined ? 'dump of flash' : 'board file';
    const isOwn = ownFile !== undefined || ownFlash !== undefined;
    const own = isOwn ? ` Your ${what} is not in it: send that along.` : '';
    try {
      await navigator.clipboard.writeText(location.href);
      this.shared = `Copied.${own}`;
    } catch {
      this.shared = `It is in the browser’s address bar.${own}`;
    }
  };
}

customElements.define('lab-board-page', BoardPage);
