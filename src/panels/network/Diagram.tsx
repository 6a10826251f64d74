/** The whole network as boxes: collapsible stages, pan and zoom. The layer table is its text alternative and has the same stages. */
import { ChevronsDownUp, ChevronsUpDown, Maximize, ZoomIn, ZoomOut } from "lucide-react";
import { line } from "d3";
import { useMemo, useRef, useState } from "react";
import type { Focus } from "@/store/view";
import { IconButton } from "@/ui/Button";
import { useView } from "@/ui/hooks";
import { useTheme } from "@/ui/theme";
import { useSize } from "@/ui/useSize";
import { text } from "@/viz/copy";
import { opColor, opStyle } from "@/viz/palette";
import { type TransientFocus, useTransientFocus } from "../useTransientFocus";
import { type DiagramBox, diagramPicture, startTransform, wholeTransform } from "./layout";
import { focusOfBlock, litParts, type NetworkModel } from "./model";
import styles from "./network.module.css";
import { useZoom } from "./useZoom";

const words = text.network;
const nothing: Focus = {};
const roomy = 720;
const path = line<readonly [number, number]>();

interface BoxProps {
  readonly box: DiagramBox;
  readonly x: number;
  readonly y: number;
  readonly state: "lit" | "dim" | "plain";
  readonly onToggle: (stage: string) => void;
  /** One for all boxes: leaving a box must not take away the focus that the next one has set. */
  readonly focus: TransientFocus;
}

function Box({ box, x, y, state, onToggle, focus }: BoxProps) {
  const theme = useTheme();
  const style = box.op === null ? null : opStyle(box.op);
  const middle = box.height / 2 + 4;
  const meant = focusOfBlock(box);
  return (
    <g
      transform={`translate(${x},${y})`}
      className={styles["box"]}
      data-kind={box.kind}
      data-state={state}
      onClick={() => box.kind === "stage" && onToggle(box.id)}
      onPointerEnter={() => meant !== null && focus.enter(meant)}
      onPointerLeave={() => meant !== null && focus.leave()}
    >
      <rect width={box.width} height={box.height} rx={3} />
      {box.op !== null && style !== null && (
        <rect className={styles["bar"]} width={4} height={box.height} fill={opColor(box.op, theme)} />
      )}
      {box.kind === "block" && style !== null ? (
        <>
          <text x={12} y={middle} className={styles["code"]}>
            {style.glyph} {style.code}
          </text>
          <text x={70} y={middle}>
            {box.title}
          </text>
        </>
      ) : (
        <text
          x={12}
          y={box.kind === "stage" ? 17 : middle}
          className={box.kind === "stage" ? styles["code"] : undefined}
        >
          {box.title}
        </text>
      )}
      <text
        className={styles["note"]}
        x={box.kind === "stage" ? 12 : box.width - 8}
        y={box.kind === "stage" ? 32 : middle}
        textAnchor={box.kind === "stage" ? "start" : "end"}
      >
        {box.note}
      </text>
    </g>
  );
}

export function Diagram({ model }: { readonly model: NetworkModel }) {
  const frame = useRef<HTMLDivElement>(null);
  const svg = useRef<SVGSVGElement>(null);
  const focus = useTransientFocus();
  const { width, height } = useSize(frame);
  // Null: as the size of the network suggests, and the room that it has; open cells are wide.
  const [closed, setClosed] = useState<ReadonlySet<string> | null>(null);
  const [detail, setDetail] = useState<"block" | "op">("block");
  const focused = useView((view) => (Object.keys(view.focus).length > 0 ? view.focus : (view.pinA ?? nothing)));
  const isCrowded = model.isLarge || (!model.isChain && width < roomy);
  const collapsed = useMemo(
    () => closed ?? new Set(isCrowded ? model.stages.map((stage) => stage.id) : []),
    [closed, isCrowded, model],
  );

  const lit = useMemo(() => litParts(model, focused), [model, focused]);

  const direction = width > 700 && height < 320 ? "LR" : "TB";
  const picture = useMemo(
    () => diagramPicture(model, { collapsed, detail, direction }),
    [model, collapsed, detail, direction],
  );
  const home = useMemo(() => startTransform(picture, width, height, direction), [picture, width, height, direction]);
  const { transform, scaleBy, moveTo } = useZoom(svg, home);

  const toggle = (stage: string): void => {
    const next = new Set(collapsed);
    if (!next.delete(stage)) next.add(stage);
    setClosed(next);
  };
  const all = model.stages.map((stage) => stage.id);
  // Hundreds of boxes at once are no picture, and take seconds to place.
  const canOpenAll = !model.isLarge;
  const isClosed = canOpenAll ? collapsed.size > 0 : all.every((id) => collapsed.has(id));
  return (
    <div className={styles["diagram"]}>
      <div className={styles["tools"]}>
        <label className={styles["check"]}>
          <input
            type="checkbox"
            checked={detail === "op"}
            onChange={() => setDetail(detail === "op" ? "block" : "op")}
          />
          {words.detail}
        </label>
        <IconButton
          small
          label={isClosed ? (canOpenAll ? words.expandAll : words.oneByOne) : words.collapseAll}
          icon={isClosed ? <ChevronsUpDown size={14} /> : <ChevronsDownUp size={14} />}
          disabled={isClosed && !canOpenAll}
          onClick={() => setClosed(new Set(isClosed ? [] : all))}
        />
        <IconButton small label={words.zoomOut} icon={<ZoomOut size={14} />} onClick={() => scaleBy(1 / 1.4)} />
        <IconButton small label={words.zoomIn} icon={<ZoomIn size={14} />} onClick={() => scaleBy(1.4)} />
        <IconButton
          small
          label={words.fit}
          icon={<Maximize size={14} />}
          onClick={() => moveTo(wholeTransform(picture, width, height))}
        />
      </div>
      <div ref={frame} className={styles["canvas"]}>
        <svg ref={svg} width={width} height={height} aria-hidden="true">
          <g transform={`translate(${transform.x},${transform.y}) scale(${transform.k})`}>
            {picture.groups.map((group) => (
              <g key={group.id} className={styles["group"]} onClick={() => toggle(group.id)}>
                <rect x={group.x} y={group.y} width={group.width} height={group.height} rx={5} />
                <text
                  transform={
                    direction === "TB"
                      ? `translate(${group.x - 5},${group.y + group.height / 2}) rotate(-90)`
                      : `translate(${group.x + group.width / 2},${group.y - 5})`
                  }
                  textAnchor="middle"
                >
                  {model.stages.find((stage) => stage.id === group.id)?.label}
                </text>
              </g>
            ))}
            {picture.edges.map((edge) => (
              <path key={`${edge.from}>${edge.to}`} className={styles["edge"]} d={path(edge.points) ?? ""} />
            ))}
            {picture.boxes.map(({ id, x, y }) => {
              const box = picture.byId.get(id);
              if (!box) return null;
              const state = lit === null ? "plain" : lit.has(box.block) ? "lit" : "dim";
              return <Box key={id} box={box} x={x} y={y} state={state} onToggle={toggle} focus={focus} />;
            })}
          </g>
        </svg>
      </div>
    </div>
  );
}
