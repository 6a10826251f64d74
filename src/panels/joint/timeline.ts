/** How far the joint search had come at a step, so that the time cursor can show it as it was. The report itself carries no steps. */
import { history } from "@/store/history";
import type { JointExtent } from "./model";

interface Milestone extends JointExtent {
  readonly step: number;
}

const nothing: JointExtent = { trials: 0, fine: 0, isSwept: false };

export class JointTimeline {
  private records: Milestone[] = [];

  /** Fewer pairs than before, or an earlier step, mean another run. */
  record(step: number, extent: JointExtent): void {
    const last = this.records.at(-1);
    if (last && (extent.trials < last.trials || step < last.step)) this.records = [];
    if (extent.trials === 0) return;
    if (this.records.at(-1)?.step === step) this.records.pop();
    this.records.push({ step, ...extent });
  }

  at(step: number): JointExtent {
    return this.records.findLast((known) => known.step <= step) ?? nothing;
  }
}

/** The page's: follows the run's history from the moment this panel's code is loaded. */
export const jointTimeline = new JointTimeline();

function follow(): void {
  const report = history.report("joint");
  jointTimeline.record(history.latest()?.step ?? 0, report ? { trials: report.trials.length, fine: report.fine.length, isSwept: report.sweep.length > 0 } : nothing);
}
follow();
history.subscribe("report", follow);
