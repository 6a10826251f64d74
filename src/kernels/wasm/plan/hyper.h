/* Words of the hyper block, as `hyperFields` of isa.ts has them. */
#pragma once

enum {
  hyper_lr, hyper_momentum, hyper_weightDecay, hyper_nesterov, hyper_clip, hyper_smoothing, hyper_slot, hyper_lossWeight,
  hyper_beta1, hyper_beta2, hyper_eps, hyper_factor, hyper_keep, hyper_gain, hyper_power, hyper_gradWeight
};
