/** Panel d, cell graphs: what does the cell look like while the search is undecided, and what is thrown away? */
import { viewStore } from "@/store/view";
import { Figure } from "@/ui/Figure";
import { PanelMessage } from "@/ui/PanelMessage";
import { text } from "@/viz/copy";
import { CellsActions } from "./CellsActions";
import { CellsBody } from "./CellsBody";
import { cellsTable, describeCells } from "./describe";
import { useCellsControl } from "./useCellsControl";
import { type CellsView, useCellsView } from "./useCellsView";

const words = text.cells;

/** Where what is drawn comes from. */
function sourceWords({ subject, state, shown, focus }: CellsView): string {
  if (subject.kind === "candidate") return words.source.candidate(focus.archId ?? "");
  if (subject.kind === "network" && shown)
    return shown.name === null ? words.source.network[shown.source] : words.source.published(shown.name);
  if (!subject.hasWeights) return subject.isResult ? words.source.winner : words.source.none;
  if (state === "past") return words.source.past;
  return subject.isResult ? words.source.final : words.source.now;
}

export function CellsPanel() {
  const view = useCellsView();
  const control = useCellsControl(view);
  const { state, step, subject, spaceName, shown } = view;
  const isElsewhere = state === "not-applicable";
  const describe = (): string => (isElsewhere ? words.notApplicable(spaceName) : describeCells(subject.cells));
  return (
    <Figure
      panel="cells"
      state={state}
      step={step}
      label={words.label}
      title={words.title}
      subtitle={isElsewhere ? "" : sourceWords(view)}
      actions={
        <CellsActions
          view={view}
          canToggle={!isElsewhere && (subject.hasWeights || (shown !== null && view.hasRunWeights))}
        />
      }
      table={() => cellsTable(subject.cells)}
      describe={describe}
      caption={words.caption}
      onKeyDown={control.onKeyDown}
    >
      {isElsewhere ? (
        <PanelMessage
          text={words.notApplicable(spaceName)}
          action={{ label: words.toWeights, onAct: () => viewStore.setState({ panel: "streams" }) }}
        />
      ) : (
        <CellsBody view={view} pointer={control.pointer} />
      )}
    </Figure>
  );
}
