/** Training and machine: is it learning, and is the machine coping? Also holds the time cursor of all panels. */
import { useMemo, useState } from "react";
import { actions } from "@/store/actions";
import { history } from "@/store/history";
import { Button } from "@/ui/Button";
import { Figure } from "@/ui/Figure";
import { useExperiment, useHistory, useMethod, useRun, useView } from "@/ui/hooks";
import { PanelMessage } from "@/ui/PanelMessage";
import { panelState } from "@/ui/panelState";
import { text } from "@/viz/copy";
import { CurvesBody, type View } from "./CurvesBody";
import { curvesTable, describeCurves } from "./describe";
import { curvesModel } from "./model";

const words = text.curves;
/** Bins of the table and of the sentence, whatever the size of the picture. */
const tableBins = 400;

export function CurvesPanel() {
  const version = useHistory("latest");
  const [log, setLog] = useState(false);
  const [zoom, setZoom] = useState<View>(null);
  const boot = useRun((run) => run.boot);
  const info = useRun((run) => run.info);
  const plan = useRun((run) => run.plan);
  const latest = useRun((run) => run.latest);
  const config = useExperiment((experiment) => experiment.config);
  const cursor = useView((view) => view.cursor);
  const { algorithm } = useMethod();

  const model = useMemo(
    () => curvesModel({ history, version, info, algorithm, cursor, bins: tableBins }),
    [version, info, algorithm, cursor],
  );
  const hasData = model.loss.length > 0;
  const state = panelState({ boot, plan, latest, config, cursor, applicable: true, error: null, hasData });
  return (
    <Figure
      panel="curves"
      state={state}
      step={model.at}
      label={hasData ? describeCurves(model) : words.label}
      title={words.title}
      {...(hasData ? { subtitle: words.legend } : {})}
      actions={
        <>
          {zoom && (
            <Button small onClick={() => setZoom(null)}>
              {words.resetZoom}
            </Button>
          )}
          <Button small weight="quiet" aria-pressed={log} onClick={() => setLog(!log)}>
            {words.log}
          </Button>
        </>
      }
      table={() => curvesTable(model)}
      describe={() => describeCurves(model)}
      caption={words.subtitle}
    >
      {state === "empty" ? (
        <PanelMessage text={words.empty} action={{ label: words.emptyAction, onAct: () => actions().train() }} />
      ) : (
        <CurvesBody
          version={version}
          cursor={cursor}
          log={log}
          zoom={zoom}
          onZoom={setZoom}
          loading={state === "loading" ? boot.message || words.loading : null}
        />
      )}
    </Figure>
  );
}
