import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { FlowEnding, FlowProgress } from '../flow/index.ts';
import { row } from './device-view.ts';
import type { View } from './view.ts';

/** How far it has come, or the one thing that a person has to do now. */
export function workView(view: View, progress: FlowProgress): TemplateResult {
  const { texts, driver, act, say } = view;
  const { why } = progress;
  const needsPermission = progress.phase === 'permission' && !driver.isStopping;
  return html`${
      needsPermission
        ? html`<p part="message"><bdi>${why === undefined ? nothing : say(why)}</bdi></p>
            <button part="button" data-allow @click=${act(() => driver.allow())}>
              ${texts.allow}
            </button>`
        : barView(view, progress)
    }
    <p part="hint">${texts.keepPlugged}</p>
    <div part="actions">
      <button
        part="button secondary"
        ?disabled=${driver.isStopping}
        @click=${act(() => driver.cancel())}
      >
        ${driver.isStopping ? texts.stopping : texts.stop}
      </button>
    </div>`;
}

function barView({ texts }: View, progress: FlowProgress): TemplateResult {
  const { phase, doneBytes, totalBytes } = progress;
  const said = texts.progress(progress);
  const label = texts.phases[phase];
  const isKnown = totalBytes !== undefined && totalBytes > 0;
  return html`${
      isKnown
        ? html`<progress
            part="progress"
            aria-label=${label}
            aria-valuetext=${said}
            max=${totalBytes}
            .value=${Math.min(doneBytes, totalBytes)}
          ></progress>`
        : html`<progress part="progress" aria-label=${label}></progress>`
    }
    <p part="amounts">${said === '' ? html`&nbsp;` : said}</p>`;
}

export function endView(view: View, ending: FlowEnding): TemplateResult {
  const { texts, driver, act, saveLog, say } = view;
  const { remedy, detail, runs } = ending;
  return html`${
      remedy === undefined ? nothing : html`<p part="remedy"><bdi>${say(remedy)}</bdi></p>`
    }
    ${runs === undefined ? nothing : html`<dl part="device">${row(texts.nowRuns, runs)}</dl>`}
    ${
      detail === undefined
        ? nothing
        : html`<details part="detail">
            <summary>${texts.detail}</summary>
            <p><bdi>${detail}</bdi></p>
          </details>`
    }
    <div part="actions">
      <button part="button" ?disabled=${!driver.isReady} @click=${act(() => driver.connect())}>
        ${texts.again}
      </button>
      <button part="button secondary" @click=${saveLog}>${texts.saveLog}</button>
    </div>`;
}
