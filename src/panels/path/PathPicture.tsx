/** The supernet as a grid of layers and choices, drawn by React: bands, trails, links, the lit route, nodes, bars and the loss lane. */
import type { Focus } from "@/store/view";
import { text } from "@/viz/copy";
import { opColor, opStyle } from "@/viz/palette";
import { boxAt, linkPath, type NodeBox, type PathLayout, routePath } from "./layout";
import { isLit, type PathModel } from "./model";
import styles from "./path.module.css";

export interface PathPictureProps {
  readonly model: PathModel;
  readonly layout: PathLayout;
  readonly focus: Focus;
  readonly pinA: Focus | null;
  readonly pinB: Focus | null;
  readonly theme: "light" | "dark";
  /** Choice forced for the next step, by slot. */
  readonly forced: ReadonlyMap<number, number>;
  readonly isBroken: boolean;
  /** One path a second: draw it as a sweep from left to right. */
  readonly isSlow: boolean;
  /** Fraction of the nodes lit while kernels compile. */
  readonly warm: number;
}

export function PathPicture(props: PathPictureProps) {
  const { model, layout, focus, isBroken, isSlow } = props;
  const route = routePath(layout, model.route.genes);
  const isDimmed = focus.archId === undefined && (focus.slot !== undefined || focus.op !== undefined);
  return (
    <>
      <Frame layout={layout} />
      <g fill="none" opacity={isDimmed ? 0.25 : 1}>
        {model.trail.map((genes, i) => (
          <path
            key={i}
            className={styles["trail"]}
            d={routePath(layout, genes)}
            opacity={0.4 * (1 - i / (model.trail.length + 1))}
          />
        ))}
        {route !== "" && (
          <path
            key={`${model.route.kind}${model.step}${route}`}
            className={styles["route"]}
            d={route}
            pathLength={1}
            data-route={model.route.id}
            data-broken={isBroken || undefined}
            data-slow={isSlow || undefined}
          />
        )}
      </g>
      <g fill="none">
        {model.links.map(({ slot, from, to, weight }) => {
          const [a, b] = [boxAt(layout, slot, from), boxAt(layout, slot + 1, to)];
          return a && b ? (
            <path
              key={`${slot}.${from}.${to}`}
              className={styles["link"]}
              d={linkPath(a, b)}
              strokeWidth={1 + 8 * weight}
            />
          ) : null;
        })}
        {model.pinA && <path className={styles["pin"]} d={routePath(layout, model.pinA)} />}
        {model.pinB && <path className={styles["pin"]} d={routePath(layout, model.pinB)} strokeDasharray="5 4" />}
      </g>
      {layout.columns.map(({ nodes }, slot) =>
        nodes.map((box) => <Node key={`${slot}.${box.node.choice}`} box={box} {...props} />),
      )}
      <LossLane {...props} />
    </>
  );
}

/** Stage bands, column heads and the names of the choices. */
function Frame({ layout }: { readonly layout: PathLayout }) {
  const { bands, columns, height, headerY, gutter, compact } = layout;
  const first = columns[0];
  return (
    <>
      {bands.map(({ stage, x, width, hout, cout }) => (
        <g key={stage}>
          <rect
            className={styles["band"]}
            data-odd={stage % 2 === 1 || undefined}
            x={x}
            y={0}
            width={width}
            height={height}
          />
          <text className={styles["stage"]} x={x + 8} y={headerY + 14}>
            {width > 150
              ? `${text.path.stage(stage + 1)} · ${text.path.map(hout, hout)} · ${text.path.channels(cout)}`
              : text.path.stage(stage + 1)}
          </text>
        </g>
      ))}
      {columns.map(({ column, x, width }) => (
        <text
          key={column.slot}
          className={styles["columnHead"]}
          data-slot={column.slot}
          x={x + width / 2}
          y={headerY + 31}
          textAnchor="middle"
        >
          {compact || width < 70 ? column.slot + 1 : column.label}
          {!compact && width >= 88 && column.hin !== column.hout && (
            <tspan className={styles["muted"]}>{`  ${text.path.map(column.hin, column.hout)}`}</tspan>
          )}
        </text>
      ))}
      {gutter > 0 &&
        first?.nodes.map(({ node, y, height: h }) => (
          <text
            key={node.op}
            className={styles["rowHead"]}
            data-op={node.op}
            x={gutter - 8}
            y={y + h / 2 + 4}
            textAnchor="end"
          >
            {node.op.replace("shuffle_", "")}
          </text>
        ))}
    </>
  );
}

interface NodeProps extends PathPictureProps {
  readonly box: NodeBox;
}

function pinned(focus: Focus | null, box: NodeBox): boolean {
  return focus?.slot === box.node.slot && focus.choice === box.node.choice;
}

function Node({ box, model, layout, focus, pinA, pinB, theme, forced, isBroken, warm }: NodeProps) {
  const { node, x, y, width, height, bar } = box;
  const { code, glyph } = opStyle(node.op);
  const color = opColor(node.op, theme);
  const onRoute = model.route.genes[node.slot] === node.choice;
  const isWarm =
    (node.slot * (layout.columns[0]?.nodes.length ?? 1) + node.choice) /
      Math.max(1, layout.columns.length * (layout.columns[0]?.nodes.length ?? 1)) <
    warm;
  const middle = y + height / 2;
  return (
    <g data-slot={node.slot} data-choice={node.choice}>
      <rect className={styles["hit"]} x={x - 4} y={y - 4} width={width + 8} height={height + 18} />
      <rect className={styles["back"]} x={x} y={y} width={width} height={height} rx={4} />
      <g className={styles["node"]} data-lit={isLit(model, focus, node) && isWarm} data-on={onRoute}>
        {onRoute && <rect x={x} y={y} width={width} height={height} rx={4} fill={color} opacity={0.16} />}
        <rect
          className={styles["box"]}
          x={x}
          y={y}
          width={width}
          height={height}
          rx={4}
          stroke={isBroken && onRoute ? "var(--bad)" : color}
        />
        <rect x={x} y={y + 3} width={4} height={height - 6} fill={color} />
        <text
          className={styles["code"]}
          x={x + (layout.compact ? width / 2 + 2 : 10)}
          y={middle + 4}
          textAnchor={layout.compact ? "middle" : "start"}
        >
          {width >= 24 ? code : glyph}
        </text>
        {!layout.compact && (
          <text className={styles["glyph"]} x={x + width - 6} y={middle + 4} textAnchor="end" fill={color}>
            {glyph}
          </text>
        )}
        {forced.get(node.slot) === node.choice && (
          <rect className={styles["forced"]} x={x - 3} y={y - 3} width={width + 6} height={height + 6} rx={6} />
        )}
        {pinned(pinA, box) && (
          <rect className={styles["pin"]} x={x - 3} y={y - 3} width={width + 6} height={height + 6} rx={6} />
        )}
        {pinned(pinB, box) && (
          <rect
            className={styles["pin"]}
            strokeDasharray="5 4"
            x={x - 3}
            y={y - 3}
            width={width + 6}
            height={height + 6}
            rx={6}
          />
        )}
        <rect className={styles["track"]} x={x} y={bar.y} width={width} height={bar.height} />
        <rect className={styles["bar"]} x={x} y={bar.y} width={bar.length} height={bar.height} />
        {bar.high > 0 && (
          <path
            className={styles["bracket"]}
            d={`M${x + bar.low},${bar.y + bar.height + 1}v3H${x + bar.high}v-3M${x + bar.expected},${bar.y - 1}v${bar.height + 2}`}
          />
        )}
        {node.isOutside && (
          <circle className={styles["outside"]} cx={x + width + 5} cy={bar.y + bar.height / 2} r={2.5} />
        )}
      </g>
    </g>
  );
}

function LossLane({ layout, model, focus, theme }: PathPictureProps) {
  const { lane, width, gutter } = layout;
  if (!lane) return null;
  return (
    <g>
      <line className={styles["laneEdge"]} x1={gutter} x2={width} y1={lane.top - 1.5} y2={lane.top - 1.5} />
      <text className={styles["laneTitle"]} x={gutter + 8} y={lane.top - 6}>
        {text.path.lossLane}
      </text>
      {lane.ticks.map(({ y, value }) => (
        <g key={value}>
          <line className={styles["grid"]} x1={gutter} x2={width} y1={y} y2={y} />
          {gutter > 0 && (
            <text className={styles["tick"]} x={gutter - 8} y={y + 4} textAnchor="end">
              {value}
            </text>
          )}
        </g>
      ))}
      {lane.dots.map(({ slot, choice, op, x, y, low, high }) => {
        const node = model.columns[slot]?.nodes[choice];
        return (
          <g
            key={`${slot}.${choice}`}
            className={styles["dot"]}
            data-lit={!node || isLit(model, focus, node)}
            stroke={opColor(op, theme)}
            fill={opColor(op, theme)}
          >
            <line x1={x} x2={x} y1={low} y2={high} />
            <circle cx={x} cy={y} r={3} stroke="none" />
          </g>
        );
      })}
    </g>
  );
}
