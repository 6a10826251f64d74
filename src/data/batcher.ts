/**
 * Batches as a function of the step: nothing is remembered between calls but caches, so a resumed run sees the bytes
 * that an unbroken one sees.
 */
import { AppError } from "@/lib/appError";
import type { RngKey } from "@/lib/rng";
import { augmentInto, drawAugmentation, normaliseInto, type AugmentOptions } from "./augment";
import type { ImageSet } from "./dataset";
import { IMAGE_BYTES } from "./manifest";

/** One batch. The arrays belong to the batcher and are overwritten by its next `fill`. */
export interface BatchView {
  /** size × 32 × 32 × 3, NHWC, normalised. */
  readonly images: Float32Array;
  readonly labels: Uint8Array;
  readonly size: number;
}

type Images = Pick<ImageSet, "images" | "labels">;

export interface TrainBatcher {
  /** ⌊records ÷ batch⌋; 1 when there are fewer records than a batch. */
  readonly stepsPerEpoch: number;
  /** The batch of step 0, 1, 2, …; equal step, equal values. */
  fill(step: number): BatchView;
}

export interface PlainBatches {
  readonly count: number;
  /** Batch i of `count`, in the order of `indices`; the last one may be short. */
  fill(i: number): BatchView;
}

function requireRecords(indices: Int32Array, batch: number): void {
  if (indices.length === 0) {
    throw new AppError("data.missing", "This split of the data set has no images.", {
      hint: "Import training images too, or choose another data set.",
      recoverable: true,
    });
  }
  if (!Number.isInteger(batch) || batch < 1) throw new AppError("bug", `A batch of ${batch} images cannot be filled.`);
}

/**
 * Shuffled, augmented training batches. The order of epoch e is a permutation drawn from `key.fold("order").fold(e)`, the
 * augmentation of a step from `key.fold("augment").fold(step)`. The last partial batch of an epoch is dropped.
 */
export function trainBatcher(options: {
  readonly set: Images;
  readonly indices: Int32Array;
  readonly batch: number;
  readonly table: Float32Array;
  readonly key: RngKey;
  readonly augment: AugmentOptions;
}): TrainBatcher {
  const { set, indices, table, augment } = options;
  requireRecords(indices, options.batch);
  const size = Math.min(options.batch, indices.length);
  const stepsPerEpoch = Math.floor(indices.length / size);
  const orderKey = options.key.fold("order");
  const augmentKey = options.key.fold("augment");
  const view: BatchView = { images: new Float32Array(size * IMAGE_BYTES), labels: new Uint8Array(size), size };
  const order = new Int32Array(indices.length);
  let orderedEpoch = -1;

  return {
    stepsPerEpoch,
    fill: (step) => {
      const epoch = Math.floor(step / stepsPerEpoch);
      if (epoch !== orderedEpoch) {
        order.set(indices);
        orderKey.fold(epoch).stream().shuffle(order);
        orderedEpoch = epoch;
      }
      const first = (step - epoch * stepsPerEpoch) * size;
      const rng = augmentKey.fold(step).stream();
      for (let i = 0; i < size; i++) {
        const record = order[first + i] as number;
        augmentInto(view.images, i * IMAGE_BYTES, set.images, record, table, drawAugmentation(rng, augment), augment);
        view.labels[i] = set.labels[record] as number;
      }
      return view;
    },
  };
}

/** Batches in the given order, without augmentation: evaluation, recalibration. */
export function plainBatches(options: {
  readonly set: Images;
  readonly indices: Int32Array;
  readonly batch: number;
  readonly table: Float32Array;
}): PlainBatches {
  const { set, indices, table } = options;
  requireRecords(indices, options.batch);
  const full = Math.min(options.batch, indices.length);
  const count = Math.ceil(indices.length / full);
  const images = new Float32Array(full * IMAGE_BYTES);
  const labels = new Uint8Array(full);

  return {
    count,
    fill: (i) => {
      if (i < 0 || i >= count) throw new AppError("bug", `There is no batch ${i} of ${count}.`);
      const first = i * full;
      const size = Math.min(full, indices.length - first);
      for (let k = 0; k < size; k++) {
        const record = indices[first + k] as number;
        normaliseInto(images, k * IMAGE_BYTES, set.images, record, table);
        labels[k] = set.labels[record] as number;
      }
      return { images: images.subarray(0, size * IMAGE_BYTES), labels: labels.subarray(0, size), size };
    },
  };
}
