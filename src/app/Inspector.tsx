/** What is pointed at, in full: a network with its origin and layers, an op with and without, a layer's choices, an edge's α; and the two pins. */
import { Pin, X } from "lucide-react";
import { type Focus, pin } from "@/store/view";
import { IconButton } from "@/ui/Button";
import { useView } from "@/ui/hooks";
import { text } from "@/viz/copy";
import { countText } from "@/viz/format";
import { pinFocus } from "./commands";
import styles from "./inspector.module.css";
import { type Scene, type Subject, subjectOf } from "./inspectorModel";
import { EdgeFacts, NetworkFacts, OpFacts, SlotFacts } from "./InspectorFacts";
import { useInspector } from "./useInspector";

const words = text.shell.inspector;

export function subjectTitle(subject: Subject): string {
  if (subject.kind === "network")
    return subject.candidate === null ? words.architecture : words.candidate(subject.candidate.index);
  if (subject.kind === "op") return subject.slotLabel === null ? subject.op : words.opAt(subject.op, subject.slotLabel);
  if (subject.kind === "edge") return subject.group === "" ? subject.edge : words.edgeOf(subject.group, subject.edge);
  return subject.label;
}

function PinRow({ name, focus, scene }: { readonly name: "A" | "B"; readonly focus: Focus; readonly scene: Scene }) {
  const subject = subjectOf(focus, scene);
  return (
    <li className={styles.pin} data-pin={name}>
      <span className={styles.pinName}>{name}</span>
      <span className={styles.pinText}>
        {subject === null ? "–" : `${subjectTitle(subject)}${subject.kind === "network" ? ` · ${subject.id}` : ""}`}
      </span>
      <IconButton small label={words.unpin(name)} icon={<X size={14} />} onClick={() => pin(focus)} />
    </li>
  );
}

function Facts({ subject, against }: { readonly subject: Subject; readonly against: string | null }) {
  switch (subject.kind) {
    case "network":
      return <NetworkFacts subject={subject} against={against} />;
    case "op":
      return <OpFacts subject={subject} />;
    case "edge":
      return <EdgeFacts subject={subject} />;
    case "slot":
      return <SlotFacts subject={subject} />;
    default:
      return subject satisfies never;
  }
}

export function Inspector() {
  const { scene, subject, against } = useInspector();
  const pinA = useView((view) => view.pinA);
  const pinB = useView((view) => view.pinB);
  const cursor = useView((view) => view.cursor);
  const isFocused = useView((view) => Object.keys(view.focus).length > 0);
  return (
    <section className={styles.inspector} aria-label={words.label}>
      <div className={styles.header}>
        <h2>{subject === null ? words.title : subjectTitle(subject)}</h2>
        {cursor !== null && <span className={styles.soft}>{words.asOf(countText(cursor))}</span>}
        {isFocused && (
          <IconButton
            small
            className={styles.pinButton ?? ""}
            label={words.pinFocus}
            icon={<Pin size={14} />}
            onClick={pinFocus}
          />
        )}
      </div>
      {/* Scrolls when a network has many layers; reachable by keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className={styles.body} tabIndex={0} role="region" aria-label={words.title}>
        {(pinA !== null || pinB !== null) && (
          <ul className={styles.pins}>
            {pinA !== null && <PinRow name="A" focus={pinA} scene={scene} />}
            {pinB !== null && <PinRow name="B" focus={pinB} scene={scene} />}
          </ul>
        )}
        {subject === null ? (
          <p className={styles.empty}>{words.empty}</p>
        ) : (
          <Facts subject={subject} against={against} />
        )}
      </div>
    </section>
  );
}
