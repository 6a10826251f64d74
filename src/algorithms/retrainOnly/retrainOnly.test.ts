/** Which architecture `retrain.arch` names. */
import { describe, expect, it } from "vitest";
import { AppError } from "@/lib/appError";
import { publishedGenotypes } from "@/nas/cell/published";
import { formatCellId } from "@/nas/cell/id";
import { dartsCell } from "@/nas/space/dartsCell";
import { fbnetV1 } from "@/nas/space/fbnetV1";
import { publishedFbnets } from "@/nas/space/fbnetPublished";
import { macro8 } from "@/nas/space/macro8";
import { givenChoices } from "./retrainOnly";

function refusal(...[space, text]: Parameters<typeof givenChoices>): AppError {
  try {
    givenChoices(space, text);
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error("not refused");
}

describe("the architecture that is trained", () => {
  it.each(publishedFbnets)("may be $name in the largest size", ({ name, choices: want }) => {
    const space = fbnetV1("full");
    const choices = givenChoices(space, name);
    expect(space.mutables.map(({ id }) => choices[id])).toEqual(want);
    expect(givenChoices(space, space.encode(choices))).toEqual(choices);
  });

  it("may be a published cell or an id", () => {
    const space = dartsCell("tiny");
    expect(givenChoices(space, "DARTS_V2")).toEqual(space.decode(formatCellId(publishedGenotypes.DARTS_V2)));
    expect(givenChoices(macro8("tiny"), "21220200")).toEqual(macro8("tiny").decode("21220200"));
  });

  it("is refused at sizes that have other layers", () => {
    const { code, message, hint, recoverable } = refusal(fbnetV1("small"), "FBNet-B");
    expect([code, recoverable]).toEqual(["config.invalid", true]);
    expect(message).toBe("retrain.arch: FBNet-B has 22 layers of 9 candidates; fbnet-v1 small has 9 layers of 9.");
    expect(hint).toBe("FBNet-A, FBNet-B, FBNet-C are members at the size full.");
  });

  it("is refused with the names that are known", () => {
    expect(refusal(fbnetV1("full"), "FBNet-D").hint).toBe("Give an architecture's id, as exported files have it, or one of FBNet-A, FBNet-B, FBNet-C.");
    expect(refusal(dartsCell("tiny"), "FBNet-A").hint).toContain("DARTS_V2");
    expect(refusal(macro8("tiny"), "FBNet-A").hint).toBe("Give an architecture's id, as exported files have it.");
  });
});
