import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { FlowFile, FlowOffer } from '../flow/index.ts';
import { choice } from './choice.ts';
import type { View } from './view.ts';

type Part = TemplateResult | typeof nothing;

/** What can be flashed: the manifest's offers, the page's file, one of the person's own. */
export function chooseView(view: View, chosen: FlowFile | undefined): TemplateResult {
  return html`${offersView(view, chosen)}${sourceView(view, chosen)}${ownFileView(view)}`;
}

function offersView(view: View, chosen: FlowFile | undefined): Part {
  const { driver, texts } = view;
  const { offers } = driver;
  if (driver.manifest === undefined) return nothing;
  if (offers.length === 0) return html`<p part="message">${texts.noOffer}</p>`;
  return html`<fieldset part="offers">
    <legend>${texts.chooseOffer}</legend>
    ${offers.map((offer) => offerView(view, offer, chosen?.offer === offer))}
  </fieldset>`;
}

function offerView(view: View, offer: FlowOffer, isChosen: boolean): TemplateResult {
  const { driver, texts, say, act } = view;
  const { barred, release } = offer;
  const notes = release.notes ?? '';
  return html`<div part="offer">
    ${choice('offer', texts.offer(offer), {
      isChosen,
      isBarred: barred !== undefined,
      isOpen: driver.isReading,
      choose: act(() => driver.chooseOffer(offer)),
    })}
    ${barred === undefined ? nothing : html`<p part="barred">${say(barred)}</p>`}
    ${
      notes === ''
        ? nothing
        : html`<details part="notes">
            <summary>${texts.notes}</summary>
            <p><bdi>${notes}</bdi></p>
          </details>`
    }
  </div>`;
}

/** The page's one file is fetched by itself; a button is there where that has failed. */
function sourceView({ driver, texts, act }: View, chosen: FlowFile | undefined): Part {
  if (!driver.hasSource || chosen !== undefined) return nothing;
  if (driver.fileProblem === undefined) return html`<p part="message">${texts.loading}</p>`;
  return html`<button part="button secondary" @click=${act(() => driver.fetchSource())}>
    ${texts.fetchAgain}
  </button>`;
}

function ownFileView({ texts, takesOwnFile, isDraggedOver, pickFile }: View): Part {
  if (!takesOwnFile) return nothing;
  return html`<div part=${isDraggedOver ? 'drop over' : 'drop'}>
    <span>${texts.ownFile}</span>
    <button part="button secondary" @click=${pickFile}>${texts.pickFile}</button>
    <span>${texts.dropFile}</span>
  </div>`;
}
