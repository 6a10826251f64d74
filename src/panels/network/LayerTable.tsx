/** Every layer with its output, parameters and multiply–adds, grouped by block; the sums match the network's cost. */
import { ChevronDown, ChevronRight } from "lucide-react";
import { useState } from "react";
import { Button } from "@/ui/Button";
import { useView } from "@/ui/hooks";
import { useTheme } from "@/ui/theme";
import { text } from "@/viz/copy";
import { countText } from "@/viz/format";
import { opColor, opStyle } from "@/viz/palette";
import { type TransientFocus, useTransientFocus } from "../useTransientFocus";
import { type BlockModel, type NetworkModel, shapeText } from "./model";
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
  const lit = useView((view) => block.slot !== null && (view.focus.slot ?? view.pinA?.slot) === block.slot);
  const { slot, op } = block;
  const point = (): void => {
    if (slot !== null) focus.enter({ slot, ...(op === null ? {} : { op }) });
  };
  return (
    <tbody data-lit={lit} onPointerEnter={point} onPointerLeave={() => slot !== null && focus.leave()}>
      <tr className={styles["blockRow"]}>
        <th scope="rowgroup" style={op === null ? {} : { borderLeftColor: opColor(op, theme) }}>
          <button
            type="button"
            aria-expanded={open}
            onClick={onToggle}
            onFocus={point}
            onBlur={() => slot !== null && focus.leave()}
          >
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
          <th scope="row">{words.passThrough}</th>
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

export function LayerTable({ model }: { readonly model: NetworkModel }) {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const focus = useTransientFocus();
  const isAll = open.size >= model.blocks.length;
  const toggle = (id: string): void =>
    setOpen((old) => {
      const next = new Set(old);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  return (
    <div className={styles["layers"]}>
      <div className={styles["tools"]}>
        <Button
          small
          weight="quiet"
          onClick={() => setOpen(new Set(isAll ? [] : model.blocks.map((block) => block.id)))}
        >
          {isAll ? words.onlyBlocks : words.allLayers}
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
          {model.blocks.map((block) => (
            <Block
              key={block.id}
              block={block}
              open={open.has(block.id)}
              onToggle={() => toggle(block.id)}
              focus={focus}
            />
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
