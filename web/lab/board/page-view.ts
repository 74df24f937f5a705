import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import '../console/console.ts';
import type { TypedLine } from '../console/console.ts';
import '../dfu-machine/dfu-machine.ts';
import '../flash-map/flash-map.ts';
import type { ChosenRange } from '../flash-map/flash-map.ts';
import '../transfers/transfers.ts';
import type { Bench } from './bench.ts';
import type { BoardSession } from './board-session.ts';
import { controlsView, statusView } from './controls-view.ts';
import type { Controls } from './controls-view.ts';
import { flasherView } from './flasher-view.ts';
import { programmerView } from './programmer-view.ts';
import { saveFile } from '../save-file.ts';

/** Everything that is seen of the board on the bench; anew with each board. */
export function panelsView(bench: Bench): TemplateResult {
  const { session } = bench;
  return html`${keyed(
    session,
    html`<div class="bench" aria-busy=${bench.isBusy}>
      <div class="column">${boardPanel(bench)} ${flasherView(bench)}</div>
      <div class="column">${flashPanel(bench)} ${transfersPanel(bench)}</div>
      <div class="column last">${consolePanel(bench)} ${dfuPanel}</div>
    </div>`,
  )}`;
}

function boardPanel(bench: Bench): TemplateResult {
  const { session } = bench;
  return html`<section id="board" class="panel" aria-labelledby="board-title">
    <h2 id="board-title">${bench.title}</h2>
    ${
      session === undefined
        ? html`<p class="muted">
            ${bench.isBusy ? 'The board is being made.' : 'There is no board.'}
          </p>`
        : boardView(bench, session)
    }
  </section>`;
}

function boardView(bench: Bench, { status, client }: BoardSession): TemplateResult {
  const { facts } = client;
  const controls: Controls = { status, facts, act: (action) => void bench.act(action) };
  return html`
    <p class="muted">${facts.chip}, ${facts.bootloader}, serial ${facts.serial}</p>
    ${statusView(controls)} ${controlsView(controls)} ${programmerView(bench)}
  `;
}

function flashPanel(bench: Bench): TemplateResult {
  const { session, address } = bench;
  const chosen = ({ detail }: CustomEvent<ChosenRange>): void =>
    bench.pointAt(detail.range.offsetBytes);
  return html`<section id="flash" class="panel" aria-labelledby="flash-title">
    <h2 id="flash-title">Flash</h2>
    <lab-flash-map
      label=${`Flash of ${bench.title}`}
      .geometry=${session?.client.facts.geometry}
      .explanation=${session?.explanation}
      .chosenOffset=${address.at}
      @lab-range=${chosen}
    ></lab-flash-map>
    ${nextBoot(session?.explanation?.nextBoot ?? [])}
  </section>`;
}

function nextBoot(sentences: readonly string[]): TemplateResult | typeof nothing {
  if (sentences.length === 0) return nothing;
  return html`<h3>What the next boot does</h3>
    ${sentences.map((sentence) => html`<p>${sentence}</p>`)}`;
}

function consolePanel(bench: Bench): TemplateResult {
  const typed = ({ detail }: CustomEvent<TypedLine>): void =>
    void bench.act({ do: 'type', line: detail.line });
  return html`<section id="console" class="panel" aria-labelledby="console-title">
    <h2 id="console-title">Console</h2>
    <lab-console
      ?powered=${bench.session?.status.powered === true}
      @lab-typed=${typed}
    ></lab-console>
  </section>`;
}

const dfuPanel = html`<section id="dfu" class="panel" aria-labelledby="dfu-title">
  <h2 id="dfu-title">DFU states</h2>
  <lab-dfu-machine></lab-dfu-machine>
</section>`;

function transfersPanel(bench: Bench): TemplateResult {
  const { session, title } = bench;
  const save = (): void => {
    if (session !== undefined)
      saveFile(`${title}.trace.ndjson`, session.recording.text(), 'application/x-ndjson');
  };
  return html`<section id="transfers" class="panel" aria-labelledby="transfers-title">
    <h2 id="transfers-title">Control transfers</h2>
    <lab-transfers ?canSave=${session !== undefined} @lab-trace-wanted=${save}></lab-transfers>
  </section>`;
}
