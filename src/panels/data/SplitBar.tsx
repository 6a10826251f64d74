/** Which part is on view, plain or as augmented, and the pager. */
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useId } from "react";
import { IconButton } from "@/ui/Button";
import { text } from "@/viz/copy";
import { countText } from "@/viz/format";
import styles from "./data.module.css";
import { type BrowserState, type DataModel, splitIds } from "./model";

const words = text.data;

export interface SplitBarProps {
  readonly model: DataModel;
  readonly browser: BrowserState;
  readonly onChange: (next: BrowserState) => void;
}

export function SplitBar({ model, browser, onChange }: SplitBarProps) {
  const name = useId();
  const { split, augment, page } = browser;
  return (
    <section className={styles["split"]} aria-label={words.parts}>
      <div className={styles["chips"]} role="radiogroup" aria-label={words.parts}>
        {splitIds.map((id) => (
          <label key={id} className={styles["chip"]} data-chosen={split === id}>
            <input
              type="radio"
              name={name}
              value={id}
              checked={split === id}
              onChange={() => onChange({ ...browser, split: id, page: 0 })}
            />
            {words.split(id, model.movesAlpha)}{" "}
            {model.splitCounts[id] !== null && (
              <span className={styles["quiet"]}>{countText(model.splitCounts[id])}</span>
            )}
          </label>
        ))}
      </div>
      <p className={styles["note"]}>{words.splitNote(split, model.movesAlpha)}</p>
      <label className={styles["check"]} title={words.augmentNote}>
        <input
          type="checkbox"
          checked={augment}
          disabled={split === "test"}
          onChange={() => onChange({ ...browser, augment: !augment })}
        />
        {words.augment}
      </label>
      <div className={styles["pager"]}>
        <span className={styles["quiet"]}>{model.range}</span>
        <IconButton
          small
          label={words.previous}
          icon={<ChevronLeft size={14} />}
          disabled={!model.hasPrevious}
          onClick={() => onChange({ ...browser, page: page - 1 })}
        />
        <IconButton
          small
          label={words.next}
          icon={<ChevronRight size={14} />}
          disabled={!model.hasNext}
          onClick={() => onChange({ ...browser, page: page + 1 })}
        />
      </div>
    </section>
  );
}
