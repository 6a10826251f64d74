/** Everything below the panel's head: where the table is from and what can be done with it, warnings, and the view on show. */
import { version } from "@/lib/version";
import { actions } from "@/store/actions";
import { addMessage } from "@/store/run";
import { announce, viewStore } from "@/store/view";
import { Button } from "@/ui/Button";
import { text as copy } from "@/viz/copy";
import { CheckView } from "./CheckView";
import { CostView } from "./CostView";
import styles from "./latency.module.css";
import { measureSeconds } from "./model";
import { TableView } from "./TableView";
import type { LatencyControl } from "./useLatencyControl";
import type { LatencyView } from "./useLatencyView";

const text = copy.latency;

export interface LatencyProps {
  readonly view: LatencyView;
  readonly control: LatencyControl;
}

/** Hands the table to the browser's download. */
async function save(): Promise<void> {
  const made = await actions()
    .exportAs("latency-table")
    .catch(() => null);
  if (made === null) return addMessage("warning", text.notSaved);
  if (!made.ok) return addMessage("warning", [made.problem.message, made.problem.hint].filter(Boolean).join(" "));
  const { bytes, mime, name } = made.value;
  const url = URL.createObjectURL(new Blob([new Uint8Array(bytes)], { type: mime }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The download has its own reference to the blob once the click is handled.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
  announce(text.saved(name));
}

/** Device and settings of the table on show; a choice of devices where tables of several are kept. */
function Facts({ view, control }: LatencyProps) {
  const { table } = view.shown;
  const { devices, device } = view;
  if (table === null && devices.length < 2) return <span className={styles["facts"]} />;
  const [own] = devices;
  const parts = table
    ? [
        [table.device.backend, ...(table.device.backend === "webgpu" ? [] : [text.threads(table.device.threads)])].join(", "),
        text.timer(table.device.timer, table.settings.runs) + (table.device.quantumUs > 0 ? text.quantum(table.device.quantumUs) : ""),
        text.batch(table.settings.batch),
        text.app(table.app),
      ]
    : [];
  return (
    <span className={styles["facts"]}>
      {devices.length > 1 ? (
        <select
          className={styles["picker"]}
          aria-label={text.device}
          title={text.device}
          value={device ?? own}
          onChange={(event) => control.device(event.target.value === own ? null : event.target.value)}
        >
          {devices.map((label, i) => (
            <option key={label} value={label}>
              {i === 0 ? text.thisDevice(label) : label}
            </option>
          ))}
        </select>
      ) : (
        <strong>{table?.device.label}</strong>
      )}
      <span>{parts.join(" · ")}</span>
    </span>
  );
}

function Progress({ view, control }: LatencyProps) {
  const { progress, canCancel } = view.shown;
  if (!progress) return null;
  const { done, total } = progress;
  return (
    <span className={styles["progress"]}>
      <span
        className={styles["bar"]}
        role="progressbar"
        aria-label={text.progress}
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={done}
        aria-valuetext={text.progressText(done, total)}
      >
        <span style={{ width: `${total > 0 ? (100 * done) / total : 0}%` }} />
      </span>
      <span>{text.progressText(done, total)}</span>
      {canCancel && (
        <Button small onClick={control.cancel}>
          {text.cancel}
        </Button>
      )}
    </span>
  );
}

function Tools({ view, control }: LatencyProps) {
  const { shown, model } = view;
  return (
    <span className={styles["tools"]}>
      {shown.hasChoice && (
        <span className={styles["views"]} role="group" aria-label={text.sources.label}>
          {(["run", "kept"] as const).map((id) => (
            <Button key={id} small weight="quiet" className={styles["view"] ?? ""} title={text.sourceHint} aria-pressed={shown.source === id} onClick={() => control.setWanted(id)}>
              {text.sources[id]}
            </Button>
          ))}
        </span>
      )}
      {control.view === "table" && shown.table && (
        <Button small weight="quiet" title={text.logHint} aria-pressed={control.isLog} onClick={control.toggleLog}>
          {text.log}
        </Button>
      )}
      {shown.table && (
        <Button small weight="quiet" title={text.measureAgainHint(measureSeconds(model.needed))} onClick={() => control.measure(null)}>
          {text.measureAgain}
        </Button>
      )}
      <Button small weight="quiet" title={text.importHint} onClick={() => viewStore.setState({ dialog: "import" })}>
        {text.import}
      </Button>
      {shown.table && (
        <Button small weight="quiet" title={text.exportHint} onClick={() => void save()}>
          {text.export}
        </Button>
      )}
    </span>
  );
}

/** What a reader must know before believing the numbers. */
function Bands({ view, control }: LatencyProps) {
  const { shown, model, problem } = view;
  const { table } = shown;
  const holes = table !== null && shown.progress === null ? model.needed - model.known : 0;
  const isForeign = table !== null && !shown.isOwn;
  const isOld = table !== null && shown.isOwn && table.app !== version;
  if (!isForeign && !isOld && holes === 0 && problem === null) return null;
  return (
    <div className={styles["bands"]}>
      {isForeign && <p className={styles["band"]}>{text.foreign(table.device.label)}</p>}
      {isOld && <p className={styles["band"]}>{text.otherApp(table.app)}</p>}
      {holes > 0 && (
        <p className={styles["band"]}>
          <span>{text.missing(holes)}</span>
          <Button small title={text.estimateHint} onClick={control.estimate}>
            {text.estimate}
          </Button>
        </p>
      )}
      {problem !== null && (
        <p className={styles["band"]} role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

export function LatencyBody(props: LatencyProps) {
  const { view, control } = props;
  return (
    <div className={styles["body"]}>
      <div className={styles["line"]}>
        <Facts {...props} />
        {view.shown.progress ? <Progress {...props} /> : <Tools {...props} />}
      </div>
      <Bands {...props} />
      {control.view === "table" ? <TableView {...props} /> : control.view === "check" ? <CheckView {...props} /> : <CostView {...props} />}
    </div>
  );
}
