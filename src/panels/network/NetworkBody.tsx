/** Summary, diagram, layers and live test: stacked tabs in the inspector, tabs beside the summary on the stage, all at once where there is room. */
import { Tabs } from "radix-ui";
import { type ClipboardEvent, useEffect, useRef, useState } from "react";
import { liveTestStore } from "@/store/liveTest";
import { useSize } from "@/ui/useSize";
import { text } from "@/viz/copy";
import { Diagram } from "./Diagram";
import { LayerTable } from "./LayerTable";
import { LiveTest } from "./LiveTest";
import type { NetworkModel } from "./model";
import styles from "./network.module.css";
import { pictureOf, testPicture } from "./readPicture";
import { Summary } from "./Summary";

const words = text.network;
/** Widths from which the summary stands beside the tabs, and from which everything stands side by side. */
const besideFrom = 600;
const wideFrom = 1080;

type Arrangement = "stacked" | "beside" | "wide";

function arrangementOf(width: number): Arrangement {
  return width >= wideFrom ? "wide" : width >= besideFrom ? "beside" : "stacked";
}

export function NetworkBody({ model }: { readonly model: NetworkModel }) {
  const frame = useRef<HTMLDivElement>(null);
  const { width } = useSize(frame);
  const arrangement = arrangementOf(width);
  const [tab, setTab] = useState("diagram");

  // A picture that was handed over should be seen.
  useEffect(
    () => liveTestStore.subscribe((now, before) => now.image !== before.image && now.image !== null && setTab("test")),
    [],
  );
  const onPaste = (event: ClipboardEvent): void => {
    const file = pictureOf(event.clipboardData);
    if (!file) return;
    event.preventDefault();
    event.stopPropagation();
    void testPicture(file, words.test.sourcePaste);
  };
  return (
    <div ref={frame} className={styles["body"]} data-arrangement={arrangement} onPaste={onPaste}>
      {arrangement === "wide" ? (
        <>
          <Diagram model={model} />
          <div className={styles["column"]}>
            <Summary model={model} />
            <LayerTable model={model} />
          </div>
          <section className={styles["column"]} aria-label={words.tabs.test}>
            <h3 className={styles["heading"]}>{words.tabs.test}</h3>
            <LiveTest shownId={model.id} />
          </section>
        </>
      ) : (
        <>
          <Summary model={model} />
          <Tabs.Root className={styles["tabs"]} value={tab} onValueChange={setTab}>
            <Tabs.List className={styles["tabList"]} aria-label={words.title}>
              {(["diagram", "layers", "test"] as const).map((id) => (
                <Tabs.Trigger key={id} value={id} className={styles["tab"]}>
                  {words.tabs[id]}
                </Tabs.Trigger>
              ))}
            </Tabs.List>
            <Tabs.Content value="diagram" className={styles["tabBody"]}>
              <Diagram model={model} />
            </Tabs.Content>
            <Tabs.Content value="layers" className={styles["tabBody"]}>
              <LayerTable model={model} />
            </Tabs.Content>
            <Tabs.Content value="test" className={styles["tabBody"]}>
              <LiveTest shownId={model.id} />
            </Tabs.Content>
          </Tabs.Root>
        </>
      )}
    </div>
  );
}
