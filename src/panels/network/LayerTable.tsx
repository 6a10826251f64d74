/** Every layer with its output, parameters and multiply–adds, grouped by block; the sums match the network's cost. */
import { ChevronDown, ChevronRight } from "lucide-react";
import { Fragment, useMemo, useState } from "react";
import { Button } from "@/ui/Button";
import { useView } from "@/ui/hooks";
import { useTheme } from "@/ui/theme";
import { text } from "@/viz/copy";
import { countText } from "@/viz/format";
import { opColor, opStyle } from "@/viz/palette";
import { type TransientFocus, useTransientFocus } from "../useTransientFocus";
import { passWords } from "./describe";
import { type BlockModel, focusOfBlock, isLit, type NetworkModel, shapeText } from "./model";
import styles from "./network.module.css";

const words = text.network;

interface BlockProps {
  readonly block: BlockModel;
  readonly open: boolean;
  readonly onToggle: () => void;
  /** One for all rows: leaving a row must not take away the focus that the next one has set. */
  readonly focus: TransientFocus;
}

function Block({ block, open, onToggle, focus }: BlockProps) {
  const theme = useTheme();
  const lit = useView((view) => {
    const about = Object.keys(view.focus).length > 0 ? view.focus : view.pinA;
    // An op anywhere would light half the table.
    return about !== null && (about.slot ?? about.edge) !== undefined && isLit(block, about) === true;
  });
  const { op } = block;
  const meant = focusOfBlock(block);
  const point = (): void => {
    if (meant !== null) focus.enter(meant);
  };
  const leave = (): void => {
    if (meant !== null) focus.leave();
  };
  return (
    <tbody data-lit={lit} onPointerEnter={point} onPointerLeave={leave}>
      <tr className={styles["blockRow"]}>
        <th scope="rowgroup" style={op === null ? {} : { borderLeftColor: opColor(op, theme) }}>
          <button type="button" aria-expanded={open} onClick={onToggle} onFocus={point} onBlur={leave}>
            {open ? <ChevronDown size={12} aria-hidden="true" /> : <ChevronRight size={12} aria-hidden="true" />}
            {block.label}
            {op !== null && <span className={styles["opCode"]}>{opStyle(op).code}</span>}
          </button>
        </th>
        <td>{shapeText(block.shape)}</td>
        <td>{countText(block.params)}</td>
        <td>{countText(block.macs)}</td>
      </tr>
      {open && block.layers.length === 0 && (
        <tr>
          <th scope="row">{passWords(op)}</th>
          <td>{shapeText(block.shape)}</td>
          <td>0</td>
          <td>0</td>
        </tr>
      )}
      {open &&
        block.layers.map((layer) => (
          <tr key={layer.node} title={layer.name}>
            <th scope="row">{layer.what}</th>
            <td>{shapeText(layer.shape)}</td>
            <td>{countText(layer.params)}</td>
            <td>{countText(layer.macs)}</td>
          </tr>
        ))}
    </tbody>
  );
}

/** A stage of a large network as one row; its blocks follow while it is open. */
function Stage({
  label,
  blocks,
  open,
  onToggle,
}: {
  readonly label: string;
  readonly blocks: readonly BlockModel[];
  readonly open: boolean;
  readonly onToggle: () => void;
}) {
  const sum = (key: "params" | "macs"): string => countText(blocks.reduce((total, block) => total + block[key], 0));
  return (
    <tbody>
      <tr className={styles["blockRow"]}>
        <th scope="rowgroup">
          <button type="button" aria-expanded={open} onClick={onToggle}>
            {open ? <ChevronDown size={12} aria-hidden="true" /> : <ChevronRight size={12} aria-hidden="true" />}
            {label}
          </button>
        </th>
        <td>{shapeText(blocks.at(-1)?.shape ?? [])}</td>
        <td>{sum("params")}</td>
        <td>{sum("macs")}</td>
      </tr>
    </tbody>
  );
}

/** Blocks in order; the blocks of a cell stand behind a row of its own. */
function groupsOf({ blocks, stages, isChain }: NetworkModel) {
  const labels = new Map(isChain ? [] : stages.map(({ id, label }) => [id, label]));
  const groups: { readonly stage: string | null; readonly label: string; readonly blocks: BlockModel[] }[] = [];
  for (const block of blocks) {
    const stage = block.stage !== null && labels.has(block.stage) ? block.stage : null;
    const last = groups.at(-1);
    if (last && last.stage === stage) last.blocks.push(block);
    else groups.push({ stage, label: labels.get(stage ?? "") ?? "", blocks: [block] });
  }
  return groups;
}

export function LayerTable({ model }: { readonly model: NetworkModel }) {
  const [chosen, setChosen] = useState<ReadonlySet<string> | null>(null);
  const focus = useTransientFocus();
  const groups = useMemo(() => groupsOf(model), [model]);
  const { isLarge } = model;
  const cells = useMemo(() => groups.flatMap(({ stage }) => stage ?? []), [groups]);
  // Until the reader opens or closes something: cells open, unless there are too many of them.
  const open = useMemo(() => chosen ?? new Set(isLarge ? [] : cells), [chosen, isLarge, cells]);
  const all = useMemo(
    () => [...cells, ...(isLarge ? [] : model.blocks.map((block) => block.id))],
    [cells, isLarge, model],
  );
  const isAll = all.every((id) => open.has(id));
  const toggle = (id: string): void => {
    const next = new Set(open);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  const label = isLarge ? (isAll ? words.closeCells : words.openCells) : isAll ? words.onlyBlocks : words.allLayers;
  return (
    <div className={styles["layers"]}>
      <div className={styles["tools"]}>
        <Button small weight="quiet" onClick={() => setChosen(new Set(isAll ? (isLarge ? [] : cells) : all))}>
          {label}
        </Button>
      </div>
      <div className={styles["tableScroll"]}>
        <table className={styles["table"]} aria-label={words.layerTable}>
          <thead>
            <tr>
              {words.columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          {groups.map(({ stage, label, blocks }) => (
            <Fragment key={blocks[0]?.id}>
              {stage !== null && (
                <Stage label={label} blocks={blocks} open={open.has(stage)} onToggle={() => toggle(stage)} />
              )}
              {(stage === null || open.has(stage)) &&
                blocks.map((block) => (
                  <Block
                    key={block.id}
                    block={block}
                    open={open.has(block.id)}
                    onToggle={() => toggle(block.id)}
                    focus={focus}
                  />
                ))}
            </Fragment>
          ))}
          <tfoot>
            <tr>
              <th scope="row">{words.total}</th>
              <td />
              <td>{countText(model.params)}</td>
              <td>{countText(model.macs)}</td>
            </tr>
          </tfoot>
        </table>
      </div>
    </div>
  );
}
