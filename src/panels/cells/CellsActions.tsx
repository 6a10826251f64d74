/** Controls in the panel's head: weights or derived, the story, published cells and retraining them, saving the picture. */
import { actions, type ExportedFile, type ExportFormat } from "@/store/actions";
import { addMessage } from "@/store/run";
import { announce } from "@/store/view";
import { Button } from "@/ui/Button";
import { text } from "@/viz/copy";
import styles from "./cells.module.css";
import { publishedNames, showPublished, showRun } from "./published";
import type { CellsView } from "./useCellsView";

const words = text.cells;

/** Hands a file to the browser's download. */
function download(file: ExportedFile): void {
  const url = URL.createObjectURL(new Blob([new Uint8Array(file.bytes)], { type: file.mime }));
  const link = document.createElement("a");
  link.href = url;
  link.download = file.name;
  link.click();
  // The download has its own reference to the blob once the click is handled.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

async function save(format: ExportFormat): Promise<void> {
  const made = await actions()
    .exportAs(format)
    .catch(() => null);
  if (made === null) addMessage("warning", words.notSaved);
  else if (!made.ok) addMessage("warning", [made.problem.message, made.problem.hint].filter(Boolean).join(" "));
  else {
    download(made.value);
    announce(words.saved(made.value.name));
  }
}

function Views({ view }: { readonly view: CellsView }) {
  const { story, subject } = view;
  const isDerived = story.story.beat === 3;
  return (
    <div role="group" aria-label={words.views.label} className={styles["segments"]}>
      <Button
        small
        weight="quiet"
        title={words.viewHint.weights}
        aria-pressed={!isDerived}
        onClick={() => story.show(0)}
      >
        {words.views.weights}
      </Button>
      <Button
        small
        weight="quiet"
        title={words.viewHint.derived}
        aria-pressed={isDerived}
        onClick={() => story.show(3)}
      >
        {words.views.derived}
      </Button>
      {subject.hasWeights && (
        <Button small title={words.deriveHint} onClick={story.tell}>
          {words.derive}
        </Button>
      )}
    </div>
  );
}

/** Choosing published cells puts them on show everywhere; the first entry goes back to the run. */
function Published({ view }: { readonly view: CellsView }) {
  const { shown } = view;
  const value = shown?.name ?? (shown === null ? "" : "other");
  return (
    <select
      className={styles["picker"]}
      aria-label={words.published.label}
      title={words.published.label}
      value={value}
      onChange={(event) => (event.target.value === "run" ? showRun() : showPublished(event.target.value))}
    >
      {shown === null ? (
        <option value="">{words.published.none}</option>
      ) : (
        <option value="run">{words.published.run}</option>
      )}
      {value === "other" && <option value="other">{words.source.network[shown?.source ?? "sample"]}</option>}
      {publishedNames.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
}

export function CellsActions({ view, canToggle }: { readonly view: CellsView; readonly canToggle: boolean }) {
  const id = view.shown?.id ?? null;
  const hasDerived = view.subject.cells.some(({ derived }) => derived !== null);
  return (
    <>
      {canToggle && <Views view={view} />}
      <Published view={view} />
      {id !== null && (
        <Button small weight="quiet" title={words.retrainHint} onClick={() => actions().retrainArch(id)}>
          {words.retrain}
        </Button>
      )}
      {hasDerived && (
        <>
          <Button small weight="quiet" title={words.save.svgHint} onClick={() => void save("cells-svg")}>
            {words.save.svg}
          </Button>
          <Button small weight="quiet" title={words.save.pngHint} onClick={() => void save("cells-png")}>
            {words.save.png}
          </Button>
        </>
      )}
    </>
  );
}
